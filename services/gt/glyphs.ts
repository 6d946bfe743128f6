import type { Paint } from "./terminal.ts";

/** One character for a bead's status. */
export function statusGlyph(status: string, isReady = false): string {
  if (status === "open") return isReady ? "●" : "○";
  return glyphs[status] ?? "·";
}

const glyphs: Readonly<Record<string, string>> = {
  in_progress: "◐",
  hooked: "◐",
  blocked: "✗",
  deferred: "◇",
  closed: "✓",
  pinned: "◆",
  tombstone: "†",
};

/** Text in the colour of a bead's status. */
export function paintStatus(status: string, text: string, paint: Paint): string {
  if (status === "closed") return paint.green(text);
  if (status === "in_progress" || status === "hooked") return paint.yellow(text);
  if (status === "blocked") return paint.red(text);
  if (status === "deferred" || status === "tombstone") return paint.dim(text);
  return text;
}

/** A merge request's state in its colour. */
export function paintMergeState(state: string, paint: Paint): string {
  if (state === "landed") return paint.green(state);
  if (state === "testing" || state === "queued") return paint.cyan(state);
  if (state === "rejected" || state === "conflict") return paint.red(state);
  return state;
}
