import { z } from "zod";

const Line = z.looseObject({
  level: z.number().default(30),
  msg: z.string().default(""),
  err: z.looseObject({ message: z.string().default("") }).optional(),
});
const warnLevel = 40;
const linesMax = 4;

/** What the end of a log says went wrong: its last warnings, else its last lines. Pure. */
export function logTail(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const read = lines.map(wordsOf);
  const bad = read.filter(({ level }) => level >= warnLevel);
  const shown = (bad.length > 0 ? bad : read).slice(-linesMax);
  // A line that ends so announces the next ones.
  return shown
    .map(({ words }) => words)
    .join("; ")
    .replaceAll(":; ", ": ");
}

function wordsOf(line: string): { level: number; words: string } {
  const json = parse(line);
  // Node's own words about a crash are no JSON, and worth as much as an error.
  if (json === undefined)
    return { level: /^\s+at /.test(line) ? 0 : warnLevel, words: line.trim() };
  const { level, msg, err } = json;
  const why = err?.message ?? "";
  return { level, words: why === "" || msg.includes(why) ? msg : `${msg}: ${why}` };
}

function parse(line: string): z.infer<typeof Line> | undefined {
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // Not JSON: plain words.
  }
}
