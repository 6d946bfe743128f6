import { open, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";

/** How much of a session's output is kept at most, and how much remains after a cut. */
export type OutputLimits = { readonly maxBytes: number; readonly keepBytes: number };

/** 8 MB, of which the newest 4 remain when it is full. */
export const outputLimits: OutputLimits = {
  maxBytes: 8 * 1024 * 1024,
  keepBytes: 4 * 1024 * 1024,
};

/** Lines of a session's output, and where to read on. Positions count from its very first byte. */
export type OutputPage = { readonly lines: readonly string[]; readonly nextByte: number };

const pageBytesMax = 256 * 1024;
const lineCharsMax = 4_000;

/**
 * Cut a session's output to its newest part once it is full.
 *
 * The worker holds the file open and goes on appending, so the file is emptied in place and the
 * part that stays moves to a second one. What is printed in between the two is lost.
 */
export async function capOutput(path: string, limits = outputLimits): Promise<void> {
  const size = await sizeOf(path);
  if (size <= limits.maxBytes) return;
  const kept = await readRange(path, Math.max(0, size - limits.keepBytes), size);
  const begin = (await earlier(path)).end + size - kept.length;
  await writeFile(`${path}.partial`, kept, { mode: 0o600 });
  await rename(`${path}.partial`, olderPath(path));
  await writeFile(beginPath(path), String(begin), { mode: 0o600 });
  await truncate(path, 0);
}

/** The last lines that a session printed. */
export async function tailOutput(path: string, linesMax: number): Promise<readonly string[]> {
  const endByte = await outputEnd(path);
  const page = await readOutput(path, Math.max(0, endByte - pageBytesMax), { partial: true });
  return page.lines.slice(-linesMax);
}

/**
 * What a session printed from one position on: whole lines, at most 256 KiB at a time.
 *
 * A position that is gone already reads on with what is kept. A last line without its end is given
 * with `partial` alone.
 */
export async function readOutput(
  path: string,
  fromByte: number,
  options: { readonly partial?: boolean } = {},
): Promise<OutputPage> {
  const { begin, end: split } = await earlier(path);
  const end = split + (await sizeOf(path));
  const from = Math.min(Math.max(fromByte, begin), end);
  const to = Math.min(end, from + pageBytesMax);
  const older = from < split ? await readRange(olderPath(path), from - begin, to - begin) : null;
  const newer = to > split ? await readRange(path, Math.max(0, from - split), to - split) : null;
  const bytes = Buffer.concat([older ?? Buffer.alloc(0), newer ?? Buffer.alloc(0)]);
  const full = to - from === pageBytesMax && !bytes.includes(0x0a);
  const cut = options.partial || full ? bytes.length : bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, cut).toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return { lines: lines.map((line) => line.slice(0, lineCharsMax)), nextByte: from + cut };
}

/** How many bytes a session has printed so far. */
export async function outputEnd(path: string): Promise<number> {
  return (await earlier(path)).end + (await sizeOf(path));
}

/** Where the part before the current file begins and ends. */
async function earlier(path: string): Promise<{ begin: number; end: number }> {
  const text = await readFile(beginPath(path), "utf8").catch(() => "0");
  const begin = Number.parseInt(text, 10) || 0;
  return { begin, end: begin + (await sizeOf(olderPath(path))) };
}

function olderPath(path: string): string {
  return `${path}.1`;
}

function beginPath(path: string): string {
  return `${path}.begin`;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

async function readRange(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, to - from));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
