import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../deploy/setup/set-up.mjs";
import { command, type Outcome } from "./command.ts";

/** Relative path to content, of every file under a folder. */
export type Tree = ReadonlyMap<string, string>;

/** Whether proto/gen is what the protos generate now. Nothing of the project is written. */
export async function checkGenerated(): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "gt-generated-"));
  try {
    const made = await command("buf", "generate", "--output", folder);
    if (!made.ok) return made;
    const wanted = await readTree(join(folder, "proto", "gen"));
    const differences = compareTrees(wanted, await readTree(join(projectRoot, "proto", "gen")));
    if (differences.length === 0) return { ok: true, output: "" };
    const output = ["proto/gen is not up to date, run: npm run generate", ...differences];
    return { ok: false, output: output.join("\n") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is missing, changed, or no longer generated, one line each. */
export function compareTrees(wanted: Tree, found: Tree): string[] {
  const lines: string[] = [];
  for (const [path, text] of wanted) {
    if (!found.has(path)) lines.push(`missing  ${path}`);
    else if (found.get(path) !== text) lines.push(`changed  ${path}`);
  }
  for (const path of found.keys()) if (!wanted.has(path)) lines.push(`stale    ${path}`);
  return lines.sort();
}

async function readTree(root: string): Promise<Tree> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  const pairs = paths.map(
    async (path) => [path.slice(root.length + 1), await readFile(path, "utf8")] as const,
  );
  return new Map(await Promise.all(pairs));
}
