import { withTrailers } from "#services/git/trailers.ts";
import { authorVariables, type Bench, git, ownCommits } from "./bench.ts";
import { Halt } from "./halt.ts";

/** Commit all that changed, in the worker's name. What is committed already stays as it is. */
export async function commit(bench: Bench): Promise<string> {
  const { bead, title, runtime } = bench.assignment;
  await git(bench, ["add", "-A"]);
  const staged = await git(bench, ["diff", "--cached", "--quiet"], { okCodes: [0, 1] });
  if (staged.code === 0) {
    const own = await ownCommits(bench);
    if (own[0] !== undefined) return `committed as ${own[0].slice(0, 12)}`;
    throw new Halt(`the ${runtime === "shell" ? "command" : "patch"} changed nothing`);
  }
  const trailers = { "Gastown-Bead": bead, "Gastown-Epoch": bench.epoch };
  await git(bench, ["commit", "--quiet", "-F", "-"], {
    input: withTrailers(`${oneLine(title)} (${bead})`, trailers),
    env: authorVariables(bench),
  });
  const head = (await git(bench, ["rev-parse", "HEAD"])).stdout.trim();
  return `committed as ${head.slice(0, 12)}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 200);
}
