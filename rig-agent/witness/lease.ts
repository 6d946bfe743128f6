import { z } from "zod";
import type { Bead } from "#services/ledger/bead.ts";
import { closeBead, createBead, setFields } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { gtField } from "#services/ledger/gt-field.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { World } from "#services/ledger/world.ts";

/** The Witness's view of one polecat under one claim. */
export const Lease = z.object({
  agent: z.string(),
  bead: z.string(),
  beadId: z.string(),
  /** The claim's epoch, whatever the respawn. */
  claim: z.string(),
  /** Nudges since the last sign of progress, and in all. */
  nudges: z.number().int(),
  nudgesAll: z.number().int(),
  nudgedMs: z.number(),
});
export type Lease = z.infer<typeof Lease>;

/** A lease's field on its bead. */
export const leaseField = gtField("gt.lease", Lease);

/** The steps of a lease, in order. */
export const phases = ["boot", "working", "done"] as const;
export type Phase = (typeof phases)[number];

/** Whose lease it is. */
export type Leaseholder = {
  readonly agent: string;
  readonly bead: string;
  readonly beadId: string;
  readonly epoch: string;
};

/** The uid of the lease of a polecat's claim within one patrol. */
export function leaseUid(patrol: Bead, holder: Leaseholder): string {
  return derivedUid("lease", patrol.uid, holder.bead, claimEpoch(holder.epoch));
}

/** Bond a lease to a patrol: an arm with the three steps that it goes through. */
export function openLease(patrol: Bead, holder: Leaseholder): Draft[] {
  const { agent, bead, beadId, epoch } = holder;
  const uid = leaseUid(patrol, holder);
  const claim = claimEpoch(epoch);
  const name = agent.slice(agent.lastIndexOf("/") + 1);
  const id = `${patrol.id}.${name}-${uid.slice(0, 4)}`;
  const lease = { agent, bead, beadId, claim, nudges: 0, nudgesAll: 0, nudgedMs: 0 };
  const root = createBead({
    uid,
    id,
    title: `${agent} on ${beadId}, epoch ${claim}`,
    issueType: "molecule",
    fields: { [leaseField.name]: lease },
    edges: [{ to: patrol.uid, type: "parent-child" }],
  });
  const steps = phases.map((phase, at) => {
    const before = phases[at - 1];
    return createBead({
      uid: stepUid(uid, phase),
      id: `${id}.${phase}`,
      title: phase,
      fields: { "gt.molecule": uid, "gt.step": phase, "gt.order": at },
      edges: [
        { to: uid, type: "parent-child" },
        ...(before ? [{ to: stepUid(uid, before), type: "blocks" }] : []),
      ],
    });
  });
  return [root, ...steps];
}

/** The step that a lease is at: the first that is open. */
export function phaseOf(world: World, lease: string): Phase {
  const isOpen = (phase: Phase) => world.bead(stepUid(lease, phase))?.status !== "closed";
  return phases.find(isOpen) ?? "done";
}

/** Close the steps before `phase`; none where it is there already. */
export function reach(world: World, lease: string, phase: Phase): Draft[] {
  return phases
    .slice(0, phases.indexOf(phase))
    .filter((each) => world.bead(stepUid(lease, each))?.status === "open")
    .map((each) => close(stepUid(lease, each), "done"));
}

/** Write what changed of a lease. */
export function writeLease(uid: string, lease: Lease): Draft {
  return setFields(uid, { [leaseField.name]: lease });
}

/** Close a lease with its outcome, its open steps too. */
export function closeLease(world: World, uid: string, outcome: string): Draft[] {
  if (world.bead(uid)?.status === "closed") return [];
  const open = phases.filter((each) => world.bead(stepUid(uid, each))?.status === "open");
  return [...open.map((each) => close(stepUid(uid, each), "done")), close(uid, outcome)];
}

function close(uid: string, reason: string): Draft {
  return closeBead(uid, { close: "witness", kind: "done", reason });
}

function stepUid(lease: string, phase: Phase): string {
  return derivedUid("step", lease, phase);
}
