import { z } from "zod";

/** How a polecat is, in the village's words. */
export const Health = z.enum(["idle", "working", "stuck", "done"]);
export type Health = z.infer<typeof Health>;

/** One polecat in a beat. Times in ms since the Unix epoch. */
export const PolecatBeat = z.object({
  agent: z.string(),
  bead: z.string(),
  epoch: z.string(),
  health: Health,
  step: z.string(),
  evidence: z.string(),
  evidenceMs: z.number(),
  startedMs: z.number(),
});
export type PolecatBeat = z.infer<typeof PolecatBeat>;

/** What a process says of itself every few seconds. Never the truth, always worth knowing. */
export const Beat = z.object({
  machine: z.string(),
  incarnation: z.string(),
  atMs: z.number(),
  version: z.string(),
  wire: z.number().int(),
  polecatsMax: z.number().int(),
  /** Its newest own event: incarnation → [seq, hash]; so a lost last event is noticed too. */
  heads: z.record(z.string(), z.tuple([z.number().int(), z.string()])),
  authorities: z.array(z.object({ rig: z.string(), term: z.number().int() })),
  polecats: z.array(PolecatBeat),
  /** How long what was due there waited for the thread that works, or has waited until now. */
  loopLagMs: z.number(),
  /** How old the rest of it is: more than nothing where that thread did not answer its heart. */
  bodyAgeMs: z.number().optional(),
});
export type Beat = z.infer<typeof Beat>;

/** Read a beat, or undefined where it is none: a bad one is as good as a lost one. */
export function decodeBeat(payload: Uint8Array): Beat | undefined {
  try {
    const read = Beat.safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return read.success ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A beat as bytes. */
export function encodeBeat(beat: Beat): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(beat));
}
