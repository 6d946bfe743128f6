import { takeTurns } from "#services/api/take-turns.ts";
import type { NewFile } from "#services/ledger/fast-import.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { Addition, Outgoing } from "#services/ledger/outgoing.ts";
import { toViewLine } from "#services/ledger/view-line.ts";
import { openArchive } from "./archive.ts";
import { findGraft } from "./graft.ts";

/** Where the view stands on `main`. */
export const viewPath = ".beads/issues.jsonl";
/** The view is written at most this often. */
export const viewMs = 30_000;

/** What the hub needs to fill `main`. */
export type HubPorts = {
  readonly ledger: Ledger;
  /** Our bare clone of the ledger. */
  readonly dir: string;
  readonly nowMs: () => number;
  /** Whether another town writes `main` now. */
  readonly isFenced?: () => boolean;
  /** Take in what people did to the view, up to a commit of `main`. */
  readonly importEdits?: (tip: string, signal: AbortSignal) => Promise<boolean>;
  /** The archive could not be made; it is tried again. */
  readonly report?: (error: unknown) => void;
};

/**
 * What the town puts on `main` beside its own events: every machine's events, grafted as they stand
 * on its branch, the view that `bd` and people read, and the archive of what the view has no more.
 * Nothing while none of them is due.
 */
export function hubAddition(ports: HubPorts): NonNullable<Outgoing["more"]> {
  const { ledger, dir, nowMs, isFenced = () => false, importEdits } = ports;
  const archive = openArchive(ports);
  let writtenMs = Number.NEGATIVE_INFINITY;
  let [changes, written] = [1, 0];
  /** The commit of `main` that is known to lack nothing: our own last one as a rule. */
  let whole = "";
  ledger.onChange(() => {
    changes += 1;
  });
  ledger.onAlarm(({ kind }) => {
    // The view went back with its branch.
    if (kind !== "rewound-remote") return;
    [written, writtenMs] = [0, Number.NEGATIVE_INFINITY];
    archive.lost();
  });
  return async (base, signal): Promise<Addition> => {
    const nothing = { files: [], merge: [] };
    if (isFenced()) return nothing;
    const isStrange = whole !== (base ?? "none");
    // What a person wrote is taken in before it is written over.
    if (isStrange && base !== undefined) await importEdits?.(base, signal);
    if (isStrange) written = 0;
    const isViewDue = changes !== written && nowMs() - writtenMs >= viewMs;
    const archived = await archive.files(base, signal);
    if (!isStrange && !isViewDue && archived.length === 0) return nothing;
    const [shown, shownMs] = [changes, nowMs()];
    const { files, merge } = await findGraft(dir, base, isStrange);
    if (!isViewDue && files.length + archived.length === 0) {
      whole = base ?? "none";
      return nothing;
    }
    const view: NewFile[] = isViewDue
      ? [{ path: viewPath, bytes: await viewInTurns(ledger, signal) }]
      : [];
    return {
      files: [...files, ...view, ...archived],
      merge,
      // Not before: a push that failed must not leave an old view behind for good.
      pushed: (commit) => {
        whole = commit;
        if (archived.length > 0) archive.pushed();
        if (isViewDue) [written, writtenMs] = [shown, shownMs];
      },
    };
  };
}

/** The active tier in Beads' JSONL dialect, sorted by id. */
export function renderView(ledger: Ledger): string {
  return [...viewLines(ledger)].join("");
}

/** The same, with turns for others in between. What changes meanwhile has it written again. */
async function viewInTurns(ledger: Ledger, signal: AbortSignal): Promise<Uint8Array> {
  const lines: Uint8Array[] = [];
  for await (const line of takeTurns(viewLines(ledger), signal)) lines.push(Buffer.from(line));
  return Buffer.concat(lines);
}

function* viewLines({ world }: Ledger): Iterable<string> {
  const beads = [...world.all()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  for (const { uid } of beads) {
    const bead = world.bead(uid); // As it is when its turn comes.
    if (bead) yield `${toViewLine(bead, world)}\n`;
  }
}
