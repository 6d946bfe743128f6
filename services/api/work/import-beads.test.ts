import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ImportBeadsRequestSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { isReady } from "#services/ledger/readiness.ts";
import { rigField } from "#services/ledger/rigs.ts";
import { type ScratchTown, scratchTown } from "../scratch-town.ts";
import { importBeads } from "./import-beads.ts";

const at = { created_at: "2025-12-20T00:00:00Z", updated_at: "2025-12-20T00:00:00Z" };

function line(id: string, more: object = {}): string {
  return JSON.stringify({ id, title: id, ...at, ...more });
}

const needs = (id: string, type = "blocks") => ({ depends_on_id: id, type });

function load(town: ScratchTown, lines: readonly string[], context = town.by()) {
  const request = create(ImportBeadsRequestSchema, { lines: [...lines] });
  return importBeads(town)(request, context);
}

const plan = [
  '{"_schema":"beads/1"}',
  line("hq-epic", { issue_type: "epic" }),
  "",
  line("beta-2", { dependencies: [needs("alpha-1"), needs("hq-epic", "parent-child")] }),
  line("alpha-1", {
    dependencies: [needs("hq-epic", "parent-child")],
    metadata: { gt: { patch: "diff" } },
  }),
];

test("a file is filed as it stands, edges forward and across rigs included", async () => {
  const town = await scratchTown();
  expect(await load(town, plan)).toEqual({
    created: 3,
    existing: 0,
    ids: ["hq-epic", "beta-2", "alpha-1"],
    skipped: ["line 1: a schema, not a bead"],
    changed: 0,
    older: 0,
    lines: [{ line: 1, outcome: "skipped", why: "a schema, not a bead" }],
  });
  const { world } = town.ledger;
  const [one, two] = [world.bead("alpha-1"), world.bead("beta-2")];
  expect(one?.fields["gt.patch"]).toBe("diff");
  expect(two?.dependencies.map(({ uid }) => uid)).toContain(one?.uid);
  expect(world.children(world.bead("hq-epic")?.uid ?? "")).toHaveLength(2);
  expect(one && isReady(one, world, town.nowMs())).toBe(true);
  expect(two && isReady(two, world, town.nowMs())).toBe(false);
});

test("importing twice is importing once, be it one request or two", async () => {
  const town = await scratchTown();
  const context = town.by("overseer", "once");
  const first = await load(town, plan, context);
  expect(await load(town, plan, context)).toEqual(first);
  expect(await load(town, plan)).toMatchObject({ created: 0, existing: 3 });
  expect(await load(town, [...plan, line("alpha-9")])).toMatchObject({ created: 1, existing: 3 });
  await expect(load(town, [line("alpha-8")], context)).rejects.toThrow(/request_id/);
});

test("a newer line changes what is there, an older one not; a retry says the same", async () => {
  const town = await scratchTown();
  await load(town, [line("alpha-1"), line("alpha-2")]);
  const newer = { title: "newer", labels: ["x"], updated_at: "2025-12-21T00:00:00Z" };
  const older = { title: "older", updated_at: "2025-12-19T00:00:00Z" };
  const lines = [line("alpha-1", newer), line("alpha-2", older), line("alpha-3")];
  const context = town.by("overseer", "again");
  const first = await load(town, lines, context);
  expect(first).toMatchObject({ created: 1, existing: 2, changed: 1, older: 1 });
  expect(first.lines).toMatchObject([
    { line: 1, id: "alpha-1", outcome: "changed", why: "title, label +x" },
    { line: 2, id: "alpha-2", outcome: "older", why: expect.stringContaining("title") },
  ]);
  const { world } = town.ledger;
  expect(world.bead("alpha-1")).toMatchObject({ title: "newer", labels: ["x"] });
  expect(world.bead("alpha-2")?.title).toBe("alpha-2");
  const heads = [...town.ledger.heads()];
  expect(await load(town, lines, context)).toMatchObject({ created: 1, changed: 1, older: 1 });
  expect([...town.ledger.heads()]).toEqual(heads);
});

test.for([
  { name: "a bad line", lines: [...plan, "{"], message: "line 6: not JSON" },
  { name: "a twin", lines: [...plan, line("alpha-1")], message: "line 6: alpha-1 is on line 5" },
  {
    name: "a foreign prefix",
    lines: [...plan, line("gamma-1")],
    message: "line 6: no rig has the prefix of gamma-1; there are hq, alpha, beta",
  },
  {
    name: "a taken name",
    lines: [...plan, line("alpha-taken")],
    message: "line 6: alpha-taken is the name of another bead",
  },
  {
    name: "a cycle",
    lines: [
      line("alpha-a", { dependencies: [needs("alpha-b")] }),
      line("alpha-b", { dependencies: [needs("alpha-a")] }),
    ],
    message: "line 1: a cycle of dependencies: alpha-a → alpha-b → alpha-a",
  },
])("$name refuses the whole file and is named", async ({ lines, message }) => {
  const town = await scratchTown();
  await town.write(createBead({ uid: "t", id: "alpha-taken", title: "x" }));
  const size = town.ledger.world.size();
  await expect(load(town, lines)).rejects.toThrow(message);
  expect(town.ledger.world.size()).toBe(size);
});

test("every bad line is named at once", async () => {
  const town = await scratchTown();
  const lines = [line("gamma-1"), "{", line("alpha-1", { priority: 9 })];
  await expect(load(town, lines)).rejects.toMatchObject({
    reason: "invalid",
    violations: [{ field: "lines[0]" }, { field: "lines[1]" }, { field: "lines[2]" }],
  });
});

test("lines of one unknown prefix are one finding with what to do, others counted", async () => {
  const town = await scratchTown();
  const foreign = Array.from({ length: 2_000 }, (_, at) =>
    line(`gt-${at % 2 ? "wisp-" : ""}x${at}`),
  );
  const bad = Array.from({ length: 14 }, (_, at) => JSON.stringify({ id: `alpha-x${at}` }));
  const refused: Error = await load(town, [...bad, line("bd-1"), ...foreign]).catch((e) => e);
  const [first, ...others] = refused.message.split("; ");
  expect(first).toBe(
    "nothing was filed: 2000 lines have the prefix gt, which no rig has: add one " +
      "with `gt rig add NAME REMOTE --prefix gt`, " +
      "or file them into a folder with `gt ledger import --dir`",
  );
  expect(others[0]).toBe("line 1: title is missing");
  expect(others.slice(9)).toEqual(["line 10: title is missing", "and 5 more lines"]);
  const long = Array.from({ length: 20 }, (_, at) =>
    line(`alpha-${at}`, { priority: "x".repeat(9) }),
  );
  const many = long.map((text) => `${text}x`.repeat(3));
  const cut: Error = await load(town, [...many, ...foreign]).catch((e) => e);
  expect(cut.message).toMatch(/; and \d+ more lines$/);
  expect(cut.message.length).toBeLessThan(1_000);
});

test("a circle through what is closed holds nobody back", async () => {
  const town = await scratchTown();
  const lines = [
    line("alpha-a", {
      status: "closed",
      closed_at: at.created_at,
      dependencies: [needs("alpha-b")],
    }),
    line("alpha-b", { dependencies: [needs("alpha-a")] }),
  ];
  expect(await load(town, lines)).toMatchObject({ created: 2 });
});

const samples = process.env["GT_SAMPLES"] ?? "";
test.runIf(samples !== "" && existsSync(samples))("real files are filed, and once", async () => {
  const town = await scratchTown();
  const rig = { name: "gastown", prefix: "gt", remote: "/r", target: "main" };
  const fields = { [rigField.name]: rig };
  await town.write(
    createBead({ uid: "r", id: "hq-rig-gastown", title: "g", issueType: "rig", fields }),
  );
  for (const name of readdirSync(samples).filter((each) => each.endsWith(".jsonl"))) {
    const lines = readFileSync(join(samples, name), "utf8").split("\n");
    const count = lines.filter((text) => text !== "").length;
    expect(await load(town, lines)).toMatchObject({ created: count, existing: 0 });
    expect(await load(town, lines)).toMatchObject({ created: 0, existing: count });
  }
});
