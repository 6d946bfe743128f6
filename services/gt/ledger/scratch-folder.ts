import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Place, runInMemory, type Told } from "../terminal-memory.ts";

/** A folder for tests of `gt ledger`, with no town anywhere; it goes with its test. */
export type ScratchFolder = {
  readonly root: string;
  /** `gt ledger …`, called from the folder's root. */
  readonly gt: (...args: string[]) => Promise<Told>;
  readonly gtAt: (over: Over, ...args: string[]) => Promise<Told>;
  /** Write a file of beads, a line each, and return its path. */
  readonly beads: (name: string, rows: readonly object[]) => Promise<string>;
  /** A bare git repository, as a town's ledger remote is. */
  readonly remote: (name?: string) => string;
};

type Over = Partial<Place> & { readonly signal?: AbortSignal };

/** Told what is to be done once the test is over. */
export type OnEnd = (end: () => Promise<void>) => void;

/** Make one. */
export async function scratchFolder(onEnd: OnEnd): Promise<ScratchFolder> {
  const root = await mkdtemp(join(tmpdir(), "gt-folder-"));
  onEnd(() => rm(root, { recursive: true, force: true }));
  let nowMs = Date.parse("2026-03-01T09:00:00Z");
  const gtAt: ScratchFolder["gtAt"] = (over, ...args) => {
    nowMs += 1_000;
    const place = { env: {}, cwd: root, nowMs: () => nowMs, ...over };
    return runInMemory(["ledger", ...args], place, over.signal);
  };
  return {
    root,
    gtAt,
    gt: (...args) => gtAt({}, ...args),
    beads: async (name, rows) => {
      const path = join(root, name);
      await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      return path;
    },
    remote: (name = "remote.git") => {
      const path = join(root, name);
      execFileSync("git", ["init", "-q", "--bare", "-b", "main", path]);
      return path;
    },
  };
}

/** A bead as a file of Beads has it. */
export function bead(id: string, more: object = {}) {
  const at = { created_at: "2026-01-01T10:00:00Z", updated_at: "2026-01-02T10:00:00Z" };
  return {
    id,
    title: `About ${id}`,
    status: "open",
    priority: 1,
    issue_type: "task",
    ...at,
    ...more,
  };
}

/** The lines of a text, each read. */
export function rowsOf(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
