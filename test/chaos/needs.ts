import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Need } from "./scenario.ts";

const run = promisify(execFile);

/** Why this host cannot offer what a scenario needs; undefined where it can. */
export async function whyNot(need: Need | undefined): Promise<string | undefined> {
  if (need === undefined) return undefined;
  if (process.getuid?.() !== 0) return `it needs root for a ${need}`;
  return need === "tmpfs" ? noTmpfs() : noNetns();
}

async function noTmpfs(): Promise<string | undefined> {
  const dir = await mkdtemp(join(tmpdir(), "gt-chaos-tmpfs-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir]);
    await run("umount", [dir]);
    return undefined;
  } catch (error) {
    return `no tmpfs can be mounted here: ${firstLine(error)}`;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function noNetns(): Promise<string | undefined> {
  const name = `gtprobe${process.pid}`;
  try {
    await run("ip", ["netns", "add", name]);
    await run("ip", ["netns", "delete", name]);
    return undefined;
  } catch (error) {
    return `no network namespace can be made here: ${firstLine(error)}`;
  }
}

function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split("\n")[0] ?? "";
}
