import { type Bench, git, ownCommits } from "./bench.ts";

const filesShownMax = 20;

/** What the branch changes, and whether it leaves bad white space or conflict marks behind. */
export async function review(bench: Bench): Promise<string> {
  const oldest = (await ownCommits(bench)).at(-1);
  const base = oldest === undefined ? "HEAD" : `${oldest}^`;
  const names = await git(bench, ["diff", "--name-status", base, "HEAD"]);
  const files = names.stdout.split("\n").filter((line) => line !== "");
  const check = await git(bench, ["diff", "--check", base, "HEAD"], { okCodes: [0, 2] });
  const shown = files.slice(0, filesShownMax).map((line) => line.replaceAll("\t", " "));
  const more = files.length > filesShownMax ? [`and ${files.length - filesShownMax} more`] : [];
  const found = check.code === 0 ? [] : [`git diff --check: ${check.stdout.trim().slice(0, 500)}`];
  return [`${files.length} files: ${[...shown, ...more].join(", ")}`, ...found].join("\n");
}
