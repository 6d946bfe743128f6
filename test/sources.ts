import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../deploy/setup/set-up.mjs";

/** A file of the project: its path from the root, and its text. */
export type Source = { readonly path: string; readonly text: string };

/** Every file that is committed, or would be: what is ignored is nobody's concern. */
export function projectPaths(root = projectRoot): string[] {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const out = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  const paths = out.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
  return [...new Set(paths)].sort();
}

// Generated, or taken over from others as it stands.
const foreign = ["proto/gen/", "proto/google/"];

/** The files people write code in, with their text. */
export function projectSources(root = projectRoot): Source[] {
  return projectPaths(root)
    .filter((path) => isCode(path) && !foreign.some((folder) => path.startsWith(folder)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function isCode(path: string): boolean {
  return /\.(ts|mjs|js|proto|sh|ya?ml)$/.test(path) || path.startsWith(".ci/");
}
