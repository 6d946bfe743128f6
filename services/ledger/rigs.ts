import { z } from "zod";
import type { Bead } from "./bead.ts";
import { gtField } from "./gt-field.ts";
import type { World } from "./world.ts";

/** The prefix of the town's own beads. */
export const townPrefix = "hq";

/** A command that must exit 0 on the candidate commit. */
export const Gate = z.object({
  name: z.string().min(1),
  command: z.string().min(1),
  timeoutSeconds: z.number().int().positive().default(600),
});
export type Gate = z.infer<typeof Gate>;

/** A project: a git remote, a bead prefix, gates. Written by the town. */
export const Rig = z.object({
  name: z.string().min(1),
  prefix: z.string().min(1),
  remote: z.string().min(1),
  /** The branch that work lands on. */
  target: z.string().min(1),
  /** Run once in each new worktree; empty: nothing. */
  setup: z.string().default(""),
  gates: z.array(Gate).default([]),
  /** The machines that may serve it; empty: any. */
  machines: z.array(z.string()).default([]),
  /** The worker runtime of beads that name none. */
  defaultRuntime: z.string().default(""),
  /** How many polecats it may have at once, on all machines; 0: as many as they admit. */
  polecatsMax: z.number().int().nonnegative().default(0),
  /** What happens to work on a machine that has been lost for `lossWaitMs`. */
  onLoss: z.enum(["wait", "replace"]).default("replace"),
  lossWaitMs: z.number().int().nonnegative().default(60_000),
  /** What keeps a deposed authority from landing: a ref of its own, or the target itself. */
  fencing: z.enum(["chain", "main"]).default("chain"),
});
export type Rig = z.infer<typeof Rig>;

/** The rig's field on its bead. */
export const rigField = gtField("gt.rig", Rig);
/**
 * The machine that shall hold the rig's authority; written by the town, with the term that it knew
 * of then: a later term that another machine took by itself overrides it.
 */
export const Appointment = z.object({
  machine: z.string(),
  term: z.number().int().nonnegative(),
  /** The person who asked for it, and when, RFC 3339; absent where the town chose by itself. */
  asked: z.object({ by: z.string(), at: z.string() }).optional(),
});
export type Appointment = z.infer<typeof Appointment>;
export const appointedField = gtField(
  "gt.appointed",
  // A version before this one writes and reads the name alone: nobody overrides that.
  z.union([
    Appointment,
    z.string().transform((machine) => ({ machine, term: Number.MAX_SAFE_INTEGER })),
  ]),
);
/** The appointment's term, where its machine is written as a bare name; see `appointment.ts`. */
export const appointedTermField = gtField("gt.appointed_term", z.number().int().nonnegative());
/** The machine that took the rig's term; written by the authority itself. */
export const authorityField = gtField(
  "gt.authority",
  z.object({ machine: z.string(), term: z.number().int().nonnegative() }),
);

/** A rig with the bead that keeps it. */
export type EnrolledRig = {
  readonly bead: Bead;
  readonly rig: Rig;
  readonly appointed: Appointment | undefined;
  readonly authority: { readonly machine: string; readonly term: number } | undefined;
};

/**
 * Who shall hold a rig's authority by what the ledger says: the appointed machine, or the one that
 * took a later term than the appointment knew of; undefined where nobody was ever asked to.
 */
export function holderOf({ appointed, authority }: Pick<EnrolledRig, "appointed" | "authority">) {
  if (!appointed) return authority?.machine;
  const isOverridden = authority !== undefined && authority.term > appointed.term;
  return isOverridden ? authority.machine : appointed.machine;
}

const enrolledRigs = new WeakMap<readonly Bead[], readonly EnrolledRig[]>();

/** The branch that carries a rig's terms itself; undefined where a ref of its own does. */
export function termBranch({ fencing, target }: Pick<Rig, "fencing" | "target">) {
  return fencing === "main" ? target : undefined;
}

/** Every enrolled rig, by name. */
export function rigs(world: World): readonly EnrolledRig[] {
  const beads = world.ofType("rig");
  const held = enrolledRigs.get(beads) ?? readRigs(beads);
  enrolledRigs.set(beads, held); // The same answer as long as the beads are the same.
  return held;
}

function readRigs(beads: readonly Bead[]): EnrolledRig[] {
  return beads
    .flatMap((bead) => {
      const rig = rigField.read(bead);
      if (!rig || bead.status === "closed") return [];
      const [appointed, authority] = [appointmentOf(bead), authorityField.read(bead)];
      return [{ bead, rig, appointed, authority }];
    })
    .sort((a, b) => (a.rig.name < b.rig.name ? -1 : 1));
}

function appointmentOf(bead: Bead): Appointment | undefined {
  const appointed = appointedField.read(bead);
  if (!appointed || typeof bead.fields[appointedField.name] !== "string") return appointed;
  return { ...appointed, term: appointedTermField.read(bead) ?? 0 };
}

/** A rig by its name. */
export function rigNamed(world: World, name: string): EnrolledRig | undefined {
  return rigs(world).find(({ rig }) => rig.name === name);
}

/** The rig that an id belongs to: that of the longest enrolled prefix. */
export function rigOfId(id: string, enrolled: readonly EnrolledRig[]): EnrolledRig | undefined {
  let best: EnrolledRig | undefined;
  for (const each of enrolled) {
    if (!id.startsWith(`${each.rig.prefix}-`)) continue;
    if (!best || each.rig.prefix.length > best.rig.prefix.length) best = each;
  }
  return best;
}

/** The rig that a bead belongs to; undefined for the town's own, and for prefixes not enrolled. */
export function rigOf(bead: Pick<Bead, "id">, world: World): EnrolledRig | undefined {
  return rigOfId(bead.id, rigs(world));
}

/** Whether an id's prefix is the town's or that of an enrolled rig. */
export function isEnrolledId(id: string, enrolled: readonly EnrolledRig[]): boolean {
  return id.startsWith(`${townPrefix}-`) || rigOfId(id, enrolled) !== undefined;
}
