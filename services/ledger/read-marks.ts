import type { Position } from "#services/bus/position.ts";
import type { Ledger } from "./ledger.ts";

/**
 * How far the remote and the bus were read, kept with the checkpoint: what is folded in it is not
 * asked for again by the next process.
 */
export type ReadMarks = {
  /** By branch, the commit up to which all is folded. */
  readonly seen: () => ReadonlyMap<string, string>;
  readonly saw: (seen: ReadonlyMap<string, string>) => void;
  /** The last message of the bus that is folded. */
  readonly heard: () => Position | undefined;
  readonly hear: (position: Position) => void;
};

/** The marks of one ledger. */
export function readMarks(ledger: Pick<Ledger, "note" | "noted">): ReadMarks {
  const seenText = ledger.noted("seen");
  const heardText = ledger.noted("heard");
  let last = seenText;
  return {
    seen: () => new Map(JSON.parse(seenText ?? "[]") as [string, string][]),
    saw: (seen) => {
      const text = JSON.stringify([...seen].sort());
      if (text === last) return; // Nothing to keep: an idle town writes nothing.
      last = text;
      ledger.note("seen", text);
    },
    heard: () => (heardText === undefined ? undefined : (JSON.parse(heardText) as Position)),
    hear: (position) => ledger.note("heard", JSON.stringify(position)),
  };
}
