import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type BlockedIssue, type Issue, JsonlTransport } from "@herbcaudill/beads-sdk";
import { expect, test } from "vitest";
import { type Bead, textField } from "#services/ledger/bead.ts";
import { readBeadsLine } from "#services/ledger/beads-jsonl.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import type { Draft } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { isReady, judgeReadiness } from "#services/ledger/readiness.ts";
import { renderView, viewPath } from "../../town/hub/hub.ts";
import { everyKind, judgedMs } from "./every-kind.ts";

// The package reads a file by its `JsonlTransport`; its client would first look for a daemon of bd.
type Theirs = { readonly list: Issue[]; readonly blocked: BlockedIssue[]; readonly ready: Issue[] };

async function ledgerOf(drafts: readonly Draft[]): Promise<Ledger> {
  const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => judgedMs };
  const ledger = await openLedger(options);
  await ledger.append("ann", drafts);
  return ledger;
}

/** What the package makes of a view. */
async function read(view: string): Promise<Theirs> {
  const dir = await mkdtemp(join(tmpdir(), "gt-sdk-"));
  const sdk = new JsonlTransport(dir);
  try {
    await mkdir(join(dir, dirname(viewPath)));
    await writeFile(join(dir, viewPath), view);
    const ask = async <T>(what: string) => (await sdk.send(what, { limit: 1_000_000 })) as T[];
    const [list, blocked] = [await ask<Issue>("list"), await ask<BlockedIssue>("blocked")];
    return { list, blocked, ready: await ask<Issue>("ready") };
  } finally {
    sdk.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A bead in the words of the package: everything that it shows of one. */
function asTheirs(bead: Bead, ledger: Ledger): Partial<Issue> {
  const optional = ["design", "acceptance_criteria", "notes", "external_ref"] as const;
  const texts = optional.map((name) => [name, textField(bead, name) || undefined]);
  return {
    id: bead.id,
    title: bead.title,
    status: bead.status,
    priority: bead.priority as Issue["priority"],
    issue_type: bead.issueType,
    ...Object.fromEntries([...texts, ["assignee", bead.assignee || undefined]]),
    description: textField(bead, "description"),
    labels: [...bead.labels],
    created_at: bead.createdAt,
    updated_at: bead.updatedAt,
    ...(bead.status === "closed" && { closed_at: bead.closedAt ?? "" }),
    dependency_count: bead.dependencies.length,
    dependencies: linked(bead.dependencies, ledger) as Issue["dependencies"],
  };
}

function linked(edges: Bead["dependencies"], { world }: Ledger) {
  return edges.flatMap(({ uid, type }) => {
    const target = uid === undefined ? undefined : world.bead(uid);
    if (!target) return []; // The package leaves out what the file does not have.
    const { id, title, status } = target;
    return [expect.objectContaining({ id, title, status, dependency_type: type })];
  });
}

/** With its sets in an order of their own: an imported line keeps the one that it came with. */
function inOrder(issue: Issue | undefined) {
  const name = (edge: Issue["dependencies"][number]) => `${edge.id} ${edge.dependency_type}`;
  const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  const edges = [...(issue?.dependencies ?? [])].sort((a, b) => byName(name(a), name(b)));
  return { ...issue, labels: [...(issue?.labels ?? [])].sort(byName), dependencies: edges };
}

function expectSameList(ledger: Ledger, { list }: Theirs): void {
  const byId = (a: Bead, b: Bead) => (a.id < b.id ? -1 : 1);
  const ours = [...ledger.world.all()].sort(byId);
  expect(list.map(({ id }) => id)).toEqual(ours.map(({ id }) => id));
  for (const [index, bead] of ours.entries()) {
    expect(inOrder(list[index])).toMatchObject(asTheirs(bead, ledger));
  }
}

/** Statuses of a target that hold nobody back here, and do there. */
const overHere = new Set(["tombstone", "pinned"]);

/** Which beads only one of us calls blocked, with what we say of it. */
function disagreements(ledger: Ledger, theirs: Theirs) {
  const judge = judgeReadiness(ledger.world, judgedMs);
  const blockers = new Map(theirs.blocked.map(({ id, blocked_by: by }) => [id, by]));
  const ours: Record<string, string> = {};
  const others: Record<string, string> = {};
  for (const bead of ledger.world.all()) {
    const { blocked, notes } = judge(bead);
    const by = blockers.get(bead.id);
    if (blocked.length > 0 && by === undefined) ours[bead.id] = blocked[0] ?? "";
    const targets = by?.map((id) => ledger.world.bead(id)?.status).join();
    const why = bead.status === "open" ? (notes[0] ?? `its target is ${targets}`) : bead.status;
    if (blocked.length === 0 && by !== undefined) others[bead.id] = why;
    // Where both say so, the beads that it waits for are the same ones.
    const waits = (id: string) => blocked.some((reason) => reason.startsWith(`waits for ${id}, `));
    const isOver = (id: string) => overHere.has(ledger.world.bead(id)?.status ?? "");
    if (blocked.length > 0) expect(by?.filter((id) => !waits(id) && !isOver(id)) ?? []).toEqual([]);
  }
  return { ours, others };
}

test("of one bead of every kind the list is the same, field by field", async () => {
  const ledger = await ledgerOf(everyKind());
  expectSameList(ledger, await read(renderView(ledger)));
});

// It knows the direct edges of type `blocks` and the status `blocked`, and nothing else.
test("what is blocked is the same but for what it does not know", async () => {
  const ledger = await ledgerOf(everyKind());
  const theirs = await read(renderView(ledger));
  const { ours, others } = disagreements(ledger, theirs);
  expect(ours).toEqual({
    // Other edges that hold a bead back.
    "alpha-edge-conditional-blocks": "waits for alpha-target, which has not failed: it is open",
    "alpha-edge-waits-for": expect.stringContaining("waits for alpha-target, which "),
    "alpha-for-all": "waits for alpha-spawner, which has 1 open of 1 children",
    "alpha-for-any": "waits for alpha-spawner, which has no closed child yet",
    "alpha-on-done-if": "waits for alpha-done, which closed without failing",
    // A target that is not in the file, but of a rig of this town.
    "alpha-on-absent": "waits for alpha-nowhere, which has not arrived here yet",
    // What holds a parent.
    "alpha-child": expect.stringContaining("its parent alpha-on-deferred is blocked"),
    "alpha-grandchild": expect.stringContaining("its parent alpha-child is blocked"),
    "alpha-late-child": expect.stringContaining("its parent alpha-later is blocked"),
    // A state of its own.
    "alpha-is-deferred": "it is deferred",
    "alpha-is-hooked": "it is hooked",
    "alpha-is-pinned": "it is pinned",
    "alpha-is-review": "it is review",
    "alpha-later": "deferred until 2099-01-01T00:00:00Z",
    "alpha-pinned-flag": "it is pinned",
    "alpha-template": "it is a template",
    "alpha-wisp-like": "it is ephemeral",
  });
  expect(others).toEqual({
    // It takes beads for blocked that are over.
    "alpha-gone": "tombstone",
    "alpha-over": "closed",
    // A target that is deleted or pinned holds nobody.
    "alpha-on-gone": "its target is tombstone",
    "alpha-on-pinned": "its target is pinned",
    "alpha-about": "blocks alpha-round closes a cycle as its newest edge and does not block",
  });
  expect(theirs.blocked.map(({ id }) => id)).toContain("alpha-edge-blocks");
});

test("what is ready here is ready there", async () => {
  const ledger = await ledgerOf(everyKind());
  const { ready } = await read(renderView(ledger));
  const ids = new Set(ready.map(({ id }) => id));
  const missing = [...ledger.world.all()].filter((bead) => {
    return isReady(bead, ledger.world, judgedMs) && !ids.has(bead.id);
  });
  // These the package does not know to be free, or asks for the status `open`.
  const names = missing.map(({ id }) => id).sort();
  expect(names).toEqual([
    ...["alpha-about", "alpha-is-in-progress", "alpha-on-gone", "alpha-on-pinned"],
  ]);
});

test.for(["title", "labels", "dependencies", "assignee", "updated_at", "design"])(
  "a view without %s would not do",
  async (key) => {
    const ledger = await ledgerOf(everyKind());
    const rows = renderView(ledger)
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text) as object);
    const poorer = rows.map((row) => `${JSON.stringify({ ...row, [key]: undefined })}\n`);
    const theirs = await read(poorer.join(""));
    expect(() => expectSameList(ledger, theirs)).toThrow();
  },
);

const samples = process.env["GT_SAMPLES"] ?? "";
test.runIf(samples !== "" && existsSync(samples))(
  "of real files, too, the list is the same, and what is blocked",
  async () => {
    const names = readdirSync(samples, { recursive: true, encoding: "utf8" });
    for (const name of names.filter((each) => each.endsWith(".jsonl"))) {
      const ledger = await ledgerOf(importOf(readFileSync(join(samples, name), "utf8")));
      const theirs = await read(renderView(ledger));
      expectSameList(ledger, theirs);
      const { ours, others } = disagreements(ledger, theirs);
      const onlyWeKnow = /^its parent |^it is |^deferred until |^waits for .* (failed|children)/;
      expect(Object.values(ours).filter((why) => !onlyWeKnow.test(why))).toEqual([]);
      const onlyTheySay = /^(closed|tombstone)$|^its target is (tombstone|pinned)/;
      expect(Object.values(others).filter((why) => !onlyTheySay.test(why))).toEqual([]);
    }
  },
);

function importOf(file: string): Draft[] {
  const lines = file.split("\n").filter((text) => text !== "");
  const read = lines.map((text, index) => readBeadsLine(text, index + 1));
  const beads = read.flatMap((line) => (line.kind === "bead" ? [line.bead] : []));
  const uids = new Map(beads.map(({ id, uid }) => [id, uid]));
  return beads.flatMap((bead) => bead.drafts((id) => uids.get(id) ?? id));
}
