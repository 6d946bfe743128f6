import type { Bead } from "#services/ledger/bead.ts";
import { createBead, tombstone } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { squashWisp } from "#services/ledger/wisp-reservation.ts";
import type { World } from "#services/ledger/world.ts";
import { leaseField } from "./lease.ts";

/** What becomes of a rolling patrol. */
export type Turn = "keep" | "squash" | "burn";

/** How long a patrol goes on in which nothing happens. */
export const cycleMs = 10 * 60_000;
const leasesShownMax = 200;

/** A patrol with its leases, open and closed. */
export type Patrol = { readonly root: Bead; readonly leases: readonly Bead[] };

/** Whether a patrol goes on, becomes a digest, or leaves nothing. */
export function turn({ root, leases }: Patrol, nowMs: number): Turn {
  if (leases.some(({ status }) => status !== "closed")) return "keep";
  if (leases.length > 0) return "squash";
  return nowMs - Date.parse(root.createdAt) >= cycleMs ? "burn" : "keep";
}

/** The patrol that rolls now; undefined where none does. */
export function currentPatrol(world: World, machine: string): Patrol | undefined {
  const root = world
    .ofType("molecule")
    .find((bead) => bead.fields["gt.patrol"] === machine && bead.status !== "closed");
  if (!root) return undefined;
  const leases = world.children(root.uid).filter((bead) => leaseField.read(bead) !== undefined);
  return { root, leases };
}

/** Begin a patrol; its digest will have its id. */
export function beginPatrol(machine: string, nowMs: number, id: string): Draft {
  return createBead({
    uid: derivedUid("patrol", machine, String(nowMs)),
    id,
    title: `Patrol of machines/${machine}/witness`,
    issueType: "molecule",
    fields: { "gt.patrol": machine, ephemeral: true },
  });
}

/** End a patrol in the vapour store: what was bonded to it goes with it. */
export function endPatrol({ root }: Patrol, next: Exclude<Turn, "keep">): Draft {
  if (next === "burn") return tombstone(root.uid, "nothing happened");
  return tombstone(root.uid, `squashed into ${root.id}`, root.uid); // The digest has its name.
}

/** The permanent record of a patrol: who was there, and how each went. Once, ask as one may. */
export function patrolDigest(
  world: World,
  machine: string,
  { root, leases }: Patrol,
  endedAt: string,
): Draft[] {
  const arms = leases.flatMap((bead) => {
    const lease = leaseField.read(bead);
    if (!lease) return [];
    const { agent, beadId, claim, nudgesAll } = lease;
    return [{ agent, bead: beadId, epoch: claim, nudges: nudgesAll, outcome: bead.closeReason }];
  });
  const lines = arms.map(
    ({ agent, bead, epoch, outcome }) => `${agent} on ${bead} (${epoch}): ${outcome}`,
  );
  return squashWisp(world, root, {
    title: `Patrol of ${machine}: ${arms.length} ${arms.length === 1 ? "polecat" : "polecats"}`,
    issueType: "event",
    assignee: `machines/${machine}/witness`,
    labels: ["digest"],
    fields: {
      description: lines.slice(0, leasesShownMax).join("\n"),
      "gt.patrol": {
        machine,
        startedAt: root.createdAt,
        endedAt,
        leases: arms.slice(0, leasesShownMax),
      },
    },
  });
}
