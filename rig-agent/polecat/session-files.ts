import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { capOutput, outputEnd, readOutput, tailOutput } from "#services/runtime/output.ts";
import type { Evidence } from "./evidence.ts";
import { outputPath } from "./places.ts";
import type { PolecatPorts } from "./ports.ts";

/** What sessions leave on a machine's disk: what they print, and signs that they get on. */
export function sessionFiles(home: string): Pick<PolecatPorts, "output" | "signs"> {
  return {
    output: {
      tail: (session, linesMax) => tailOutput(outputPath(home, session), linesMax),
      page: (session, fromByte) => readOutput(outputPath(home, session), fromByte),
      end: (session) => outputEnd(outputPath(home, session)),
      cap: (session) => capOutput(outputPath(home, session)),
    },
    signs: async ({ name, worktree }) => [
      ...(await fileSign("output", outputPath(home, name))),
      ...(await fileSign("commit", await headLog(worktree))),
    ],
  };
}

async function fileSign(what: string, path: string | undefined): Promise<Evidence[]> {
  if (path === undefined) return [];
  try {
    const { mtimeMs, size } = await stat(path);
    return size > 0 ? [{ what, atMs: Math.floor(mtimeMs) }] : [];
  } catch {
    return []; // Not there, or gone meanwhile: no sign, whatever the reason.
  }
}

/** The log of a worktree's head, which every commit, checkout and reset appends to. */
async function headLog(worktree: string): Promise<string | undefined> {
  const text = await readFile(join(worktree, ".git"), "utf8").catch(() => "");
  const gitDir = /^gitdir: (.*)$/m.exec(text)?.[1];
  return gitDir === undefined ? undefined : join(gitDir, "logs", "HEAD");
}
