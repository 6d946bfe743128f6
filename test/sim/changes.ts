import type { Task } from "./work.ts";

/** What a worker knows when it changes its worktree. */
export type Before = {
  /** The files of the worktree. */
  readonly files: ReadonlyMap<string, string>;
  /** The claim that it works under. */
  readonly epoch: string;
  /** How often what came of the bead was rejected. */
  readonly rejections: number;
};

/** What the first half of the work is, or all of it; nothing where it is there already. */
export function changesFor(task: Task, before: Before, isHalf = false): Record<string, string> {
  const wanted = isHalf ? halfChange(task, before) : wholeChange(task, before);
  return Object.fromEntries(
    Object.entries(wanted).filter(([path, text]) => before.files.get(path) !== text),
  );
}

/** What looking at it again adds. */
export function reviewFor(task: Task, { files, epoch }: Before): Record<string, string> {
  const path = `reviews/${fileOf(task)}`;
  return files.has(path) ? {} : { [path]: `${task.key} looked at under ${epoch}\n` };
}

/** Where a task's own file is. */
export function ownPath(task: Task): string {
  return `src/${fileOf(task)}`;
}

function fileOf({ key }: Task): string {
  return `${key.replaceAll(" ", "-")}.txt`;
}

function halfChange(task: Task, { files }: Before): Record<string, string> {
  return files.has(ownPath(task)) ? {} : { [ownPath(task)]: `half of ${task.key}\n` };
}

function wholeChange(task: Task, { files, epoch, rejections }: Before): Record<string, string> {
  const { manner, change, key } = task;
  const isBroken = manner === "broken-first" && rejections === 0;
  const state = isBroken ? "broken" : manner === "flaky" ? "flaky" : "done";
  const held = files.get(ownPath(task)) ?? "";
  const isThere = held.startsWith(`${state} ${key} `);
  const own = { [ownPath(task)]: isThere ? held : `${state} ${key} under ${epoch}\n` };
  if (change.kind === "own") return own;
  if (change.kind === "shared") {
    const text = files.get(change.path) ?? "";
    const isTold = text.includes(`${key}\n`);
    return { ...own, [change.path]: isTold ? text : `${text}${key}\n` };
  }
  const { pair, side } = change;
  const other = `pairs/${pair}-${side === "a" ? "b" : "a"}.txt`;
  const fixed = files.has(other) ? { [`pairs/${pair}-fixed.txt`]: "fixed\n" } : {};
  return { ...own, [`pairs/${pair}-${side}.txt`]: `${key}\n`, ...fixed };
}
