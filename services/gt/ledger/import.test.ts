import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import { served, serveRpc } from "#services/rpc/server.ts";
import { bead, rowsOf, scratchFolder } from "./scratch-folder.ts";

const rows = [
  bead("a-1", { labels: ["x"], metadata: { team: "red" } }),
  bead("a-2", { dependencies: [{ issue_id: "a-2", depends_on_id: "a-1", type: "blocks" }] }),
  bead("b-1", { status: "closed", closed_at: "2026-01-02T10:00:00Z", close_reason: "done" }),
];

test("what was imported is exported, and importing twice is importing once", async () => {
  const { gt, root, beads } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const file = await beads("rows.jsonl", rows);
  const first = await gt("import", file);
  expect(first).toEqual({ exitCode: 0, out: `3 created (${root})\n`, err: "" });
  const out = rowsOf((await gt("export")).out);
  expect(out.map(({ id }) => id)).toEqual(["a-1", "a-2", "b-1"]);
  for (const [at, row] of rows.entries()) {
    const { dependencies: _, ...plain } = row as (typeof rows)[number] & { dependencies?: unknown };
    expect(out[at]).toMatchObject(plain);
  }
  expect(out[1]?.["dependencies"]).toMatchObject([{ depends_on_id: "a-1", type: "blocks" }]);
  const again = JSON.parse((await gt("import", file, "--json")).out);
  expect(again).toMatchObject({ dir: root, created: 0, unchanged: 3, refused: 0 });
  // Who had nothing to write leaves no incarnation behind.
  expect(readdirSync(join(root, "journal"))).toHaveLength(1);
  expect(JSON.parse((await gt("verify", "--json")).out).findings).toEqual([]);
});

test("an export is imported elsewhere through a pipe, and is the same there", async () => {
  const { gt, gtAt, beads } = await scratchFolder(onTestFinished);
  await gt("init", "--dir", "one", "--machine", "one");
  await gt("init", "--dir", "two", "--machine", "two");
  await gt("import", "--dir", "one", await beads("rows.jsonl", rows));
  const { out } = await gt("export", "--dir", "one");
  const piped = await gtAt({ readInput: async () => out }, "import", "--dir", "two", "-");
  expect(piped.out).toContain("3 created");
  expect((await gt("export", "--dir", "two")).out).toBe(out);
});

test("a line that cannot be read is told with its number; the rest is filed", async () => {
  const { gt, root } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const lines = ['{"_schema":"beads"}', JSON.stringify(rows[0]), "", '{"id":"a-3"', ""];
  writeFileSync(join(root, "rows.jsonl"), lines.join("\n"));
  const told = await gt("import", "rows.jsonl");
  expect(told.exitCode).toBe(1);
  expect(told.out).toContain("1 created, 1 skipped, 1 refused");
  expect(told.out).toMatch(/^ +1 +skipped .*schema/m);
  expect(told.out).toMatch(/^ +4 +refused .*not JSON/m);
  const { lines: reports } = JSON.parse((await gt("import", "rows.jsonl", "--json")).out);
  expect(
    reports.map(({ line, outcome }: { line: number; outcome: string }) => [line, outcome]),
  ).toEqual([
    [1, "skipped"],
    [2, "unchanged"],
    [4, "refused"],
  ]);
  expect(rowsOf((await gt("export")).out)).toHaveLength(1);
  const missing = await gt("import", "absent.jsonl");
  expect(missing).toMatchObject({ exitCode: 1, out: "" });
  expect(missing.err).toMatch(/cannot read .*absent\.jsonl: there is no such file$/m);
  expect((await gt("import", ".")).err).toContain(": it is a folder");
});

test.for([
  ["array.json", `[\n  {"id":"a-1","title":"x"}\n]`, "a JSON array", "jq -c '.[]'"],
  ["one-line.json", `[{"id":"a-1","title":"x"}]`, "a JSON array", "jq -c '.[]'"],
  ["pretty.json", `{\n  "id": "a-1"\n}`, "JSON over several lines", "jq -c '.'"],
])(
  "%s is no file of lines, and how to make one is said",
  async ([name = "", text = "", ...says]) => {
    const { gt, root } = await scratchFolder(onTestFinished);
    await gt("init", "--machine", "laptop");
    writeFileSync(join(root, name), text);
    const told = await gt("import", name);
    expect(told).toMatchObject({ exitCode: 1, out: "" });
    for (const words of says) expect(told.err).toContain(words);
  },
);

test("how far a long import is shows on a terminal only", async () => {
  const { gt, gtAt, beads, root } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const many = Array.from({ length: 2_500 }, (_, at) => bead(`a-${at}`));
  const file = await beads("many.jsonl", many);
  const shown: string[] = [];
  const redraw = async () => ({ show: (text: string) => void shown.push(text), done: () => {} });
  const told = await gtAt({ isTty: true, redraw }, "import", file);
  expect(told.out).toContain("2500 created");
  expect(shown.at(-1)).toBe("100 % of 2500 events written");
  expect(shown.length).toBeGreaterThan(1);
  const [writer = ""] = readdirSync(join(root, "journal"));
  const segments = readdirSync(join(root, "journal", writer));
  const sizes = segments.map((name) => statSync(join(root, "journal", writer, name)).size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024);
  expect(sizes.length).toBeLessThan(20);
});

test("an import that was interrupted is gone on with by the same call", async () => {
  const { gt, gtAt, beads } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const many = Array.from({ length: 2_500 }, (_, at) => bead(`a-${at}`));
  const file = await beads("many.jsonl", many);
  const stop = new AbortController();
  const redraw = async () => ({ show: () => stop.abort(), done: () => {} });
  const { signal } = stop;
  const told = await gtAt({ isTty: true, redraw, signal }, "import", file);
  expect(told).toMatchObject({ exitCode: 130, out: "" });
  const again = JSON.parse((await gt("import", file, "--json")).out);
  expect(again.unchanged).toBeGreaterThan(0);
  expect(again.created).toBe(2_500 - again.unchanged);
  expect(rowsOf((await gt("export")).out)).toHaveLength(2_500);
});

test("a folder that another process has is refused with its pid, and unchanged", async () => {
  const { gt, root, beads } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "laptop");
  const file = await beads("rows.jsonl", rows);
  const release = await ownHome(root);
  const told = await gt("import", file);
  expect(told).toMatchObject({ exitCode: 1, out: "" });
  expect(told.err).toContain(`process ${process.pid} runs on ${root}: stop it first`);
  expect(readdirSync(join(root, "journal"))).toEqual([]);
  await release();
  expect((await gt("import", file)).exitCode).toBe(0);
});

test("a machine's home takes an import while its rig-agent rests, under its name", async () => {
  const { gt, root, beads } = await scratchFolder(onTestFinished);
  const home = join(root, "machines", "vm-a");
  mkdirSync(home, { recursive: true });
  const machine = { version: 1, machine: "vm-a", town: "t", ledgerRemote: "" };
  writeFileSync(join(home, "machine.json"), JSON.stringify(machine));
  const file = await beads("rows.jsonl", rows);
  const release = await ownHome(home);
  const busy = await gt("import", "--dir", home, file);
  expect(busy.err).toContain("or leave out --dir, and the process that runs there does it");
  await release();
  expect((await gt("import", "--dir", home, file)).out).toContain("3 created");
  expect(readdirSync(join(home, "journal"))[0]).toMatch(/^vm-a\./);
  // The folder around it reads the same, and cannot be written for want of one writer.
  expect(rowsOf((await gt("export", "--dir", root)).out)).toHaveLength(3);
  const around = await gt("import", "--dir", root, file);
  expect(around.err).toContain(`a ledger for each of its machines: --dir ${home}`);
});

test("a stopped town's home takes an import under the town's name", async () => {
  const { gt, root, beads } = await scratchFolder(onTestFinished);
  mkdirSync(join(root, "town", "journal", "town.life0001"), { recursive: true });
  const file = { version: 1, town: "t", address: "", sockets: {}, ledgerRemote: "" };
  writeFileSync(join(root, "town.json"), JSON.stringify(file));
  const told = await gt("import", "--dir", root, await beads("rows.jsonl", rows));
  expect(told.out).toBe(`3 created (${join(root, "town")})\n`);
  expect(rowsOf((await gt("export", "--dir", join(root, "town"))).out)).toHaveLength(3);
});

test("without a folder it goes to the town in effect", async ({ onTestFinished }) => {
  const { gtAt, beads } = await scratchFolder(onTestFinished);
  const seen: string[][] = [];
  const server = await serveRpc({
    services: [
      served(WorkService, {
        importBeads: async ({ lines }) => {
          seen.push([...lines]);
          return { created: lines.length };
        },
      }),
    ],
    listen: { address: "127.0.0.1:0" },
    authenticate: () => "overseer",
    onBug: () => {},
  });
  onTestFinished(() => server.drain(0));
  const file = await beads("rows.jsonl", rows);
  const told = await gtAt({ env: { GT_TOWN: server.address } }, "import", file);
  expect(told.out).toContain("3 filed");
  expect(seen).toEqual([readFileSync(file, "utf8").trim().split("\n")]);
});

test("where nothing is, what to do is said", async () => {
  const { gt, beads } = await scratchFolder(onTestFinished);
  const file = await beads("rows.jsonl", rows);
  expect((await gt("import", "--dir", "absent", file)).err).toContain("gt ledger init --dir");
  const none = await gt("import", "--dir", ".", file);
  expect(none.err).toContain("make one with gt ledger init --dir");
  expect(await gt("import", file)).toMatchObject({ exitCode: 3, out: "" });
});

test("a folder on a read-only disk is refused by name", async ({ onTestFinished, skip }) => {
  const { gt, root, beads } = await scratchFolder(onTestFinished);
  const dir = join(root, "small");
  mkdirSync(dir);
  const mount = (options: string) =>
    spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", dir]).status === 0;
  if (!mount("size=1m")) return skip("mounting a small tmpfs needs root");
  onTestFinished(() => void spawnSync("umount", [dir]));
  await gt("init", "--dir", dir, "--machine", "laptop");
  const file = await beads("rows.jsonl", rows);
  mount("remount,ro");
  for (const args of [
    ["import", "--dir", dir, file],
    ["init", "--dir", dir, "--prefix", "x"],
    ["init", "--dir", join(dir, "new")],
  ]) {
    const told = await gt(...args);
    expect(told).toMatchObject({ exitCode: 1, out: "" });
    expect(told.err).toMatch(/cannot write to \S+ \(EROFS\)/);
  }
  expect(await gt("export", "--dir", dir)).toEqual({ exitCode: 0, out: "", err: "" });
});
