import { runGit } from "#services/git/run-git.ts";
import { toBeadsLine } from "#services/ledger/beads-line.ts";
import type { NewFile } from "#services/ledger/fast-import.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type Addition, eventsDir } from "#services/ledger/ledger-git.ts";

/** Where the view stands on `main`. */
export const viewPath = ".beads/issues.jsonl";
/** The view is written at most this often. */
export const viewMs = 30_000;

/**
 * What the town puts on `main` beside its own events: every machine's events, grafted as they stand
 * on its branch, and the view that `bd` and people read. Nothing while neither is due.
 */
export function hubAddition(options: {
  readonly ledger: Ledger;
  /** Our bare clone of the ledger. */
  readonly dir: string;
  readonly nowMs: () => number;
}): (base: string | undefined) => Promise<Addition> {
  const { ledger, dir, nowMs } = options;
  let writtenMs = Number.NEGATIVE_INFINITY;
  let [changes, written] = [1, 0];
  ledger.onChange(() => {
    changes += 1;
  });
  return async (base) => {
    if (changes === written || nowMs() - writtenMs < viewMs) return { files: [], merge: [] };
    const [shown, shownMs] = [changes, nowMs()];
    const branches = await machineBranches(dir, base);
    const view = Buffer.from(renderView(ledger), "utf8");
    const files: NewFile[] = branches.map(({ path, tree }) => ({ path, tree }));
    return {
      files: [...files, { path: viewPath, bytes: view }],
      merge: branches.map((b) => b.tip),
      // Not before: a push that failed must not leave an old view behind for good.
      pushed: () => {
        [written, writtenMs] = [shown, shownMs];
      },
    };
  };
}

/** The whole ledger in Beads' JSONL dialect, sorted by id. */
export function renderView(ledger: Ledger): string {
  const beads = [...ledger.world.all()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return beads.map((bead) => `${toBeadsLine(bead, ledger.world)}\n`).join("");
}

type Branch = { readonly tip: string; readonly path: string; readonly tree: string };

/** Branches of machines with something that `base` has not. */
async function machineBranches(dir: string, base: string | undefined): Promise<Branch[]> {
  const pattern = "refs/remotes/origin/machines";
  const format = "%(objectname) %(refname:lstrip=4)";
  const unmerged = base === undefined ? [] : ["--no-merged", base];
  const args = ["for-each-ref", `--format=${format}`, ...unmerged, pattern];
  const { stdout } = await runGit(args, { cwd: dir });
  const branches: Branch[] = [];
  for (const row of stdout.split("\n")) {
    const [tip = "", machine = ""] = row.split(" ");
    if (machine === "") continue;
    const path = `${eventsDir}/${machine}`;
    const listed = await runGit(["ls-tree", "-z", tip, "--", path], { cwd: dir });
    const tree = /^040000 tree ([0-9a-f]+)\t/.exec(listed.stdout)?.[1];
    if (tree !== undefined) branches.push({ tip, path, tree });
  }
  return branches;
}
