import { readRef } from "#services/git/fetch-remote.ts";
import { inTurn } from "#services/git/in-turn.ts";
import { runGit } from "#services/git/run-git.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { toBeadsLine } from "#services/ledger/beads-line.ts";
import { forRequest, setFields } from "#services/ledger/drafts.ts";
import { draftsOfEdit } from "#services/ledger/edit-drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import {
  editName,
  editsOf,
  isNewerRow,
  isRowOfAge,
  type Row,
} from "#services/ledger/foreign-edit.ts";
import { requestKey } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { ownDomain } from "#services/ledger/outgoing.ts";
import { readDiff } from "#services/ledger/view-diff.ts";
import type { World } from "#services/ledger/world.ts";
import { type ChangedLine, changedLines, type ForeignCommit } from "./foreign-commit.ts";
import { viewPath } from "./hub.ts";

/** Up to where others' edits have been taken in: a note of this clone, which is never pushed. */
const importedRef = "refs/gastown-imported";
const outputMaxBytes = 512 * 1024 * 1024;

/**
 * Take in what people, or `bd`, did to the view on `main`: commit by commit, each compared with its
 * own parents, as events by who made it. Resolves to whether there was such a commit.
 *
 * Every event carries a key of commit, bead and field, so that importing twice is importing once.
 */
export function editImporter(options: {
  readonly ledger: Ledger;
  readonly dir: string;
}): (tip: string, signal: AbortSignal) => Promise<boolean> {
  const { ledger, dir } = options;
  let done = "";
  const told = new Set<string>();
  const tell = (detail: string) => {
    if (told.has(detail)) return;
    told.add(detail);
    ledger.alarm({ kind: "bad-edit", detail });
  };
  return (tip, signal) =>
    inTurn(`${dir} import`, async () => {
      if (tip === done) return false;
      const from = await readRef(dir, importedRef);
      const commits = from === tip ? [] : await foreignCommits(dir, from, tip, signal);
      let isWhole = true;
      for (const commit of commits) {
        const { lines, faults } = changedLines(await diffsOf(dir, commit, signal));
        for (const fault of faults) tell(`${nameOf(commit)}, ${viewPath} ${fault}`);
        const { drafts, unknown } = draftsOf(ledger.world, commit, lines);
        await ledger.append(`people/${commit.email}`, drafts);
        for (const id of unknown) {
          tell(`${nameOf(commit)} edits ${id}, whose events have not arrived; it is tried again`);
        }
        isWhole &&= unknown.length === 0;
      }
      if (isWhole) {
        if (from !== tip) await runGit(["update-ref", importedRef, tip], { cwd: dir });
        done = tip;
      }
      return commits.length > 0;
    });
}

function nameOf({ commit, email }: ForeignCommit): string {
  return `commit ${commit.slice(0, 12)} of ${email}`;
}

/** The commits that touched the view and are none of ours, the oldest first. */
async function foreignCommits(
  dir: string,
  from: string | undefined,
  tip: string,
  signal: AbortSignal,
): Promise<ForeignCommit[]> {
  const order = ["--topo-order", "--reverse", "--full-history"];
  const range = from === undefined ? tip : `${from}..${tip}`;
  const args = ["log", "-z", ...order, "--format=%H%n%P%n%ae%n%ce%n%at", range, "--", viewPath];
  const { stdout } = await runGit(args, { cwd: dir, signal, outputMaxBytes });
  return stdout.split("\0").flatMap((entry) => {
    const [commit = "", parents = "", author = "", committer = "", at = "0"] = entry.split("\n");
    if (commit === "" || committer.endsWith(`@${ownDomain}`)) return [];
    const email = (author || committer || "unknown").toLowerCase().replaceAll(/\s/g, "");
    // The second is not over yet: what was written here within it came before.
    const atMs = Number(at) * 1000 + 999;
    return [{ commit, parents: parents.split(" ").filter((oid) => oid !== ""), email, atMs }];
  });
}

async function diffsOf(dir: string, { commit, parents }: ForeignCommit, signal: AbortSignal) {
  const nothing = async () => (await runGit(["mktree"], { cwd: dir, input: "" })).stdout.trim();
  const sides = parents.length > 0 ? parents : [await nothing()];
  const diffs = [];
  for (const side of sides) {
    const plain = ["--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--text"];
    const args = ["diff", ...plain, "-U0", side, commit, "--", viewPath];
    diffs.push(readDiff((await runGit(args, { cwd: dir, signal, outputMaxBytes })).stdout));
  }
  return diffs;
}

type Drafted = { readonly drafts: readonly Draft[]; readonly unknown: readonly string[] };

/** What a commit's lines come to here. Pure. */
function draftsOf(world: World, commit: ForeignCommit, lines: readonly ChangedLine[]): Drafted {
  const drafts: Draft[] = [];
  const unknown: string[] = [];
  const made = new Map(
    lines.filter((line) => !beadOf(world, line)).map(({ bead }) => [bead.id, bead.uid]),
  );
  const resolve = (id: string) => made.get(id) ?? world.bead(id)?.uid ?? id;
  for (const line of lines) {
    const held = beadOf(world, line);
    if (held) drafts.push(...editDrafts(world, commit, line, held, resolve));
    else if (line.parents.length > 0) unknown.push(line.bead.id);
    else drafts.push(...forRequest(keyOf(commit, line, "create"), line.bead.drafts(resolve)));
  }
  return { drafts, unknown };
}

/** The bead that a line is about: of that name, and made at that time. */
function beadOf(world: World, { bead, parents }: ChangedLine): Bead | undefined {
  const imported = world.bead(bead.uid);
  if (imported) return imported;
  const named = world.bead(bead.id);
  const created = parents[0]?.["created_at"] ?? bead.createdAt;
  const isSame = Date.parse(String(created)) === Date.parse(named?.createdAt ?? "");
  return isSame || (parents.length > 0 && created === "") ? named : undefined;
}

function editDrafts(
  world: World,
  commit: ForeignCommit,
  line: ChangedLine,
  held: Bead,
  resolve: (id: string) => string,
): Draft[] {
  const { row } = line;
  // A line that no parent had, of a bead that is here: an older state of it changes nothing.
  const isBack = line.parents.length === 0;
  const isSameAge = isBack && isRowOfAge(row, held);
  if (isBack && !isSameAge && !isNewerRow(row, held)) return [];
  const before = isBack ? [JSON.parse(toBeadsLine(held, world)) as Row] : line.parents;
  const { commit: oid, atMs } = commit;
  const where = `in commit ${oid.slice(0, 12)}`;
  const source = { cause: `commit:${oid}`, where, atMs, row, resolve };
  const drafts = editsOf(row, before).flatMap((edit) => {
    const key = keyOf(commit, line, editName(edit));
    if (world.requested(key)) return [];
    // What its author saw of a field is not known here: the dates of the two decide.
    const isDated = isSameAge && edit.kind === "field";
    const made = isDated ? { ...edit, from: edit.to } : edit;
    return forRequest(key, draftsOfEdit(made, held, world, source));
  });
  const updatedAt = row["updated_at"];
  // What was changed is newer than every line of that age, whoever brings one of them again.
  if (drafts.length === 0 || isSameAge || typeof updatedAt !== "string") return drafts;
  // Last, so that the time of the newest write is the one that the line names.
  return [...drafts, setFields(held.uid, { updated_at: updatedAt })];
}

function keyOf({ commit }: ForeignCommit, { bead }: ChangedLine, name: string): string {
  return requestKey("commit", JSON.stringify([commit, bead.id, name]));
}
