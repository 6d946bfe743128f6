import { copyDisk } from "#services/git/memory/disk.ts";
import { isWithin } from "#services/git/memory/history.ts";
import { type Commit, treeOfFiles } from "#services/git/memory/objects.ts";
import type { MemoryRemote } from "#services/git/memory/remote.ts";
import { standing, stateOf } from "#services/git/memory/worktrees.ts";
import { writerMachine } from "#services/ledger/event.ts";
import type { Disk } from "../../invariants/observation.ts";
import { type Host, type HostImage, imageOf } from "../host.ts";
import type { Sim } from "../sim.ts";
import { codeUrl, townHost } from "../world.ts";

/** Set a host's clock; the next process there goes by it. */
export function setSkew(sim: Sim, name: string, skewMs: number): void {
  sim.hostOf(name).skewMs = skewMs;
}

/** The image that a host's disk may be set back to, taken now. */
export function takeImage(sim: Sim, name: string): HostImage {
  return imageOf(sim.hostOf(name));
}

/** Set a disk back to an older state: its processes end, and what is there is as it was then. */
export function restoreDisk(sim: Sim, name: string, image: HostImage): void {
  const lost = lossOf(sim, name, "rewound");
  sim.losePower(name);
  sim.see(lost);
  const host = sim.hostOf(name);
  host.files = image.files.copy();
  host.git = copyDisk(image.git);
  host.sessions = new Map(image.sessions);
  host.outputs = new Map([...image.outputs].map(([of, lines]) => [of, [...lines]]));
  host.signs = new Map(image.signs);
}

/** A host is gone for good, and its disk with it. */
export function loseHost(sim: Sim, name: string): void {
  const lost = lossOf(sim, name, "gone");
  sim.losePower(name);
  sim.gone.add(name);
  sim.see(lost);
}

/** A disk that goes is the one way in which what is durable may be lost: say what was held. */
function lossOf(sim: Sim, machine: string, what: Disk["what"]): Disk {
  const held = heldElsewhere(sim, machine);
  return { kind: "disk", atMs: sim.nowMs, machine, what, held, unsaved: unsavedOn(sim, machine) };
}

/** Hashes of a machine's events that others have in their memory and on their disks. */
export function heldElsewhere(sim: Sim, machine: string): ReadonlySet<string> {
  const held = new Set<string>();
  const { town, machines } = sim.world;
  const others = [...machines].filter(([name]) => name !== machine && !sim.gone.has(name));
  const ledgers = others.map(([, { base }]) => base.ledger);
  if (town && machine !== townHost) ledgers.push(town.base.ledger);
  for (const ledger of ledgers) {
    for (const { hash, writer } of ledger.log()) {
      if (writerMachine(writer) === machine) held.add(hash);
    }
  }
  return held;
}

/** What the worktrees of a machine's polecats hold that no remote has. */
function unsavedOn(sim: Sim, machine: string): Disk["unsaved"] {
  const host = sim.hostOf(machine);
  return [...host.sessions.values()].flatMap(({ state, worktree, bead, rig }) => {
    if (state === "removed" || !host.git.worktrees.has(worktree)) return [];
    const ageMs = unsavedMs(sim, host, worktree, sim.remotes.at(codeUrl(rig)));
    if (ageMs === undefined) return [];
    return [{ bead, ageMs, wasAway: wasTroubled(sim, machine, ageMs) }];
  });
}

/** For how long at least a worktree holds what its remote has not; undefined: it holds nothing. */
function unsavedMs(
  sim: Sim,
  host: Host,
  worktree: string,
  remote: MemoryRemote,
): number | undefined {
  const { tree, head } = standing(host.git, worktree);
  const kept = [...remote.refs().values()];
  const isCheckpointed = kept.some((each) => each.tree.id === treeOfFiles(tree.files).id);
  if (isCheckpointed) return undefined;
  const oldest = oldestBeyond(head, kept);
  const trueMs = (ms: number) => sim.nowMs - (ms - host.skewMs);
  if (oldest) return Math.max(0, trueMs(oldest.timeSeconds * 1_000));
  if (stateOf(host.git, worktree).dirty.length === 0) return undefined;
  const changedMs = host.signs.get(`change ${worktree}`);
  return changedMs === undefined ? 0 : Math.max(0, trueMs(changedMs));
}

function oldestBeyond(head: Commit, kept: readonly Commit[]): Commit | undefined {
  let oldest: Commit | undefined;
  for (let at: Commit | undefined = head; at && !isWithin(at, kept); at = at.parents[0])
    oldest = at;
  return oldest;
}

/** Whether something else was in the way of its checkpoints in that time. */
function wasTroubled(sim: Sim, machine: string, ageMs: number): boolean {
  const sinceMs = sim.nowMs - ageMs - 60_000;
  return sim.recorder.observations.some((seen) => {
    if (seen.kind === "process") return seen.of === machine && !seen.isUp && seen.atMs >= sinceMs;
    if (seen.kind !== "fault") return false;
    const isOwn = seen.numbers.includes(49) || seen.numbers.includes(53);
    return !isOwn && (seen.untilMs ?? seen.atMs) >= sinceMs;
  });
}

/** Nothing that is written gets to the disk any more: the process must end and start again. */
export function failSync(sim: Sim, name: string, losesPages: boolean): () => void {
  const { files } = sim.hostOf(name);
  files.failSync = new Error("EIO: i/o error, fsync");
  return () => {
    files.failSync = undefined;
    if (!sim.isUp(name)) return;
    // Whoever watches over it sees that it says so, and starts it anew.
    sim.kill(name, "its disk failed");
    // A kernel may drop the pages that it could not write.
    if (losesPages) files.crash();
    sim.later(500, () => sim.start(name));
  };
}

/** No room is left for a while. */
export function fillDisk(sim: Sim, name: string, roomBytes: number): () => void {
  const { files } = sim.hostOf(name);
  files.roomBytes = roomBytes;
  return () => {
    files.roomBytes = Number.POSITIVE_INFINITY;
  };
}
