import { firstParents, isWithin, logEntry } from "#services/git/memory/history.ts";
import type { Commit } from "#services/git/memory/objects.ts";
import type { MemoryRemote, RefMove } from "#services/git/memory/remote.ts";
import type { Landed, RefMoved } from "../invariants/observation.ts";
import type { Recorder } from "../invariants/recorder.ts";

/** A remote whose moves are taken down. */
export type WatchedRemote = {
  /** `ledger`, or the rig whose code it is. */
  readonly name: string;
  readonly remote: MemoryRemote;
  /** Every commit that ever was in it: a backup that is brought back has not all of them. */
  readonly known: Map<string, Commit>;
  /** Whether the gates hold for a commit in truth; of the code's target alone. */
  readonly holds?: (commit: Commit) => boolean;
  seen: number;
};

/** Start to take down what happens at a remote. */
export function watchRemote(
  name: string,
  remote: MemoryRemote,
  holds?: WatchedRemote["holds"],
): WatchedRemote {
  const known = new Map(remote.snapshot().commits);
  return { name, remote, known, ...(holds && { holds }), seen: remote.reflog.length };
}

/** Tell the recorder what has moved since it was told last. */
export function tellMoves(recorder: Recorder, watched: WatchedRemote): void {
  const { remote, known } = watched;
  for (; watched.seen < remote.reflog.length; watched.seen += 1) {
    const move = remote.reflog[watched.seen];
    if (!move) continue;
    const to = move.to === undefined ? undefined : remote.commit(move.to);
    if (to) keepHistory(to, known);
    const told = refMoved(watched, move);
    // What was landed comes first: where the target goes is judged by what is known of it.
    recorder.see(told);
    for (const landed of landings(watched, move, told)) recorder.see(landed);
  }
}

function keepHistory(tip: Commit, known: Map<string, Commit>): void {
  const open = [tip];
  for (let next = open.pop(); next; next = open.pop()) {
    if (known.has(next.id)) continue;
    known.set(next.id, next);
    open.push(...next.parents);
  }
}

const others = new Map<string, RefMoved["how"]>([
  ["human", "human"],
  ["backup", "backup"],
  ["rewound", "human"],
  ["deleted", "human"],
]);

function refMoved({ name, known }: WatchedRemote, move: RefMove): RefMoved {
  const [from, to] = [known.get(move.from ?? ""), known.get(move.to ?? "")];
  const isForward = from === undefined || (to !== undefined && isWithin(from, [to]));
  const how = others.get(move.by) ?? "ours";
  const ends = { from: move.from ?? "", to: move.to ?? "" };
  const by = identityOf(move.by);
  return {
    kind: "ref",
    atMs: move.atMs,
    remote: name,
    ref: move.ref,
    ...ends,
    by,
    how,
    isForward,
  };
}

/** A second machine of one name is that machine to everybody but the network. */
export function identityOf(place: string): string {
  return place.replace(/~.*$/, "");
}

/** The candidates that a move of a target brought, the oldest first. */
function landings({ name, known, holds }: WatchedRemote, move: RefMove, told: RefMoved): Landed[] {
  if (move.ref !== "refs/heads/main" || told.how !== "ours" || name === "ledger") return [];
  const tip = known.get(move.to ?? "");
  if (!tip) return [];
  const since = known.get(move.from ?? "");
  return [...firstParents(tip, since)].toReversed().flatMap((commit): Landed[] => {
    const { trailers } = logEntry(commit);
    const request = trailers["Gastown-Request"];
    if (request === undefined) return [];
    return [
      {
        ...{ kind: "landed", atMs: move.atMs, rig: name, target: "main", commit: commit.id },
        ...{ tree: commit.tree.id, request, bead: trailers["Gastown-Bead"] ?? "" },
        ...{
          epoch: trailers["Gastown-Epoch"] ?? "",
          by: identityOf(move.by),
          holds: holds?.(commit),
        },
      },
    ];
  });
}
