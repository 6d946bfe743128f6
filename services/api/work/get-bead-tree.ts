import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { BeadNodeSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { isWork } from "#services/ledger/readiness.ts";
import { mergeStateField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { moleculeOf, nextStep } from "#services/molecules/progress.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { type BeadInit, beadShower, timestampOf } from "../bead-message.ts";
import { findBead } from "../find-bead.ts";
import { newestRequest } from "../merge-queue/get-merge-request.ts";

type BeadNodeInit = Exclude<MessageInitShape<typeof BeadNodeSchema>, { $typeName: string }> & {
  startTime?: Timestamp;
};

const nodesMax = 5_000;
// Protobuf readers stop at a depth of about a hundred, and each node takes one level.
const depthMax = 60;

/** A bead with all the work that hangs below it: who, where, which step, how long. */
export function getBeadTree({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.getBeadTree> {
  const { world } = ledger;
  return async ({ id }) => {
    const show = beadShower(world, nowMs());
    return { root: nodeOf(findBead(world, id), { world, show, seen: new Set() }, 1) };
  };
}

type Walk = {
  readonly world: World;
  readonly show: (bead: Bead) => BeadInit;
  /** Concurrent edges may have closed a circle of parents. */
  readonly seen: Set<string>;
};

function nodeOf(bead: Bead, walk: Walk, depth: number): BeadNodeInit {
  const { world, show, seen } = walk;
  seen.add(bead.uid);
  if (seen.size > nodesMax) {
    throw new TownError("exhausted", `more than ${nodesMax} beads hang there: ask for a part`);
  }
  const below = world.children(bead.uid).filter((child) => isWork(child) && !seen.has(child.uid));
  const children = depth < depthMax ? below.map((child) => nodeOf(child, walk, depth + 1)) : [];
  const start = startOf(bead, children);
  return {
    bead: show(bead),
    children,
    ...workerOf(bead, children.length === 0),
    step: stepOf(bead, world),
    mergeState: mergeStateOf(bead, world),
    ...(start && { startTime: start }),
  };
}

function stepOf(bead: Bead, world: World): string {
  const molecule = isHeld(bead) ? moleculeOf(world, bead.uid) : undefined;
  return (molecule && nextStep(molecule)?.name) ?? "";
}

function mergeStateOf(bead: Bead, world: World): string {
  const request = newestRequest(bead, world);
  return (request && mergeStateField.read(request)) ?? "";
}

/** Who completed it, and where. What holds others is completed by those who completed them. */
function workerOf(bead: Bead, isLeaf: boolean): { completedBy: string; machine: string } {
  const { claim, closeKind, closedBy, status } = bead;
  const isCounted = claim && (!claim.released || closeKind === "merged");
  const machine = isCounted ? claim.machine : "";
  if (status !== "closed" || !isLeaf) return { completedBy: "", machine };
  return { completedBy: isCounted ? claim.polecat : closedBy, machine };
}

/** When its worker began; an epic begins with the first of its children. */
function startOf(bead: Bead, children: readonly BeadNodeInit[]): Timestamp | undefined {
  const { claim } = bead;
  const isCurrent = claim && (!claim.released || bead.status === "closed");
  if (isCurrent) return timestampOf(claim.claimedAt);
  const starts = children.flatMap(({ startTime }) => (startTime ? [startTime] : []));
  return starts.sort((a, b) => timestampMs(a) - timestampMs(b))[0];
}
