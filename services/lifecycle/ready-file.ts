import { rename, writeFile } from "node:fs/promises";

/** Tell whoever started this process that it serves, and where. Nothing without a path. */
export async function writeReady(
  path: string | undefined,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  if (path === undefined) return;
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify({ pid: process.pid, ...facts })}\n`);
  await rename(partial, path);
}
