import { z } from "zod";
import { isEpoch } from "./epoch.ts";
import { gtField } from "./gt-field.ts";

/** That a bead, and all below it, may be dispatched, and how. */
export const Sling = z.object({
  runtime: z.string().optional(),
  /** The command of the `shell` runtime. */
  command: z.string().optional(),
  /** Only this machine may work on it. */
  machine: z.string().optional(),
  /** Who asked. */
  by: z.string().default(""),
});
export type Sling = z.infer<typeof Sling>;

/** What the Mayor proposes; it holds while the bead's highest epoch is still `claim`. */
export const Placement = z.object({
  machine: z.string(),
  reasons: z.array(z.string()).default([]),
  /** The highest epoch that was seen, or empty. */
  claim: z.string().default(""),
});
export type Placement = z.infer<typeof Placement>;

/** That another machine shall go on with a bead; it holds for one claim alone. */
export const HandOff = z.object({
  /** Empty: any other machine that may. */
  to: z.string(),
  /** The claim that shall end by it, `<term>.<n>`. */
  epoch: z.string().refine(isEpoch),
  by: z.string(),
});
export type HandOff = z.infer<typeof HandOff>;

/** That all an attempt had done is in one pushed commit; its machine's word as it ended it. */
export const Saved = z.object({
  epoch: z.string().refine(isEpoch),
  commit: z.string(),
  /** RFC 3339. */
  at: z.string(),
});
export type Saved = z.infer<typeof Saved>;

/** That a worker wants to go on in a fresh session; it holds for one incarnation of it. */
export const Restart = z.object({
  /** With the respawn: `4.2.0`. */
  epoch: z.string().refine(isEpoch),
  /** What the next session is told. */
  message: z.string().default(""),
  atMs: z.number(),
});
export type Restart = z.infer<typeof Restart>;

/** The four ways in which a polecat leaves. */
export const ExitKind = z.enum(["COMPLETED", "BLOCKED", "REFACTOR", "ESCALATE"]);
export type ExitKind = z.infer<typeof ExitKind>;

/** How an attempt ended, as its machine wrote it. */
export const Exit = z.object({
  kind: ExitKind,
  /** With the respawn: `4.2.0`. */
  epoch: z.string().refine(isEpoch),
  summary: z.string().default(""),
});
export type Exit = z.infer<typeof Exit>;

/** What a merge request asks for. */
export const Merge = z.object({
  rig: z.string(),
  branch: z.string(),
  commit: z.string(),
  target: z.string(),
  epoch: z.string().refine(isEpoch),
  /** The polecat's resource name. */
  worker: z.string(),
});
export type Merge = z.infer<typeof Merge>;

/** Where a merge request is; the last four are not in the queue. */
export const MergeState = z.enum(["queued", "testing", "landed", "rejected", "conflict", "held"]);
export type MergeState = z.infer<typeof MergeState>;

/** One run of one gate on one commit; `output` is the end of what it printed. */
export const GateResult = z.object({
  gate: z.string(),
  commit: z.string(),
  passed: z.boolean(),
  exitCode: z.number().int(),
  elapsedMs: z.number().nonnegative(),
  output: z.string().default(""),
});
export type GateResult = z.infer<typeof GateResult>;

/** The permanent record of one finished molecule. */
export const Digest = z.object({
  bead: z.string(),
  worker: z.string(),
  machine: z.string(),
  epoch: z.string(),
  exit: z.string(),
  commit: z.string().default(""),
  startedAt: z.string(),
  endedAt: z.string(),
  elapsedMs: z.number().nonnegative(),
  steps: z.array(z.object({ name: z.string(), completedAt: z.string() })).default([]),
});
export type Digest = z.infer<typeof Digest>;

// On work beads.
export const slingField = gtField("gt.sling", Sling);
/** On a part: the claim, `4.2`, whose worker broke its parent down. */
export const splitField = gtField("gt.split", z.string().refine(isEpoch));
export const handOffField = gtField("gt.handoff", HandOff);
export const savedField = gtField("gt.saved", Saved);
export const restartField = gtField("gt.restart", Restart);
export const placementField = gtField("gt.placement", Placement);
/** A unified diff: the work of the `patch` runtime. */
export const patchField = gtField("gt.patch", z.string());
export const exitField = gtField("gt.exit", Exit);
/** How often a merge request of this bead was rejected. */
export const rejectionsField = gtField("gt.rejections", z.number().int().nonnegative());

// On merge requests.
export const mergeField = gtField("gt.merge", Merge);
export const mergeStateField = gtField("gt.merge_state", MergeState);
export const gatesField = gtField("gt.gates", z.array(GateResult));
export const attemptsField = gtField("gt.attempts", z.number().int().nonnegative());
export const landedCommitField = gtField("gt.landed_commit", z.string());
export const mergeReasonField = gtField("gt.reason", z.string());

// On whatever belongs to a work bead: molecule roots, steps, merge requests, digests.
/** The uid of the work bead. */
export const workField = gtField("gt.work", z.string());
/** On a root: the formula's name. */
export const formulaField = gtField("gt.formula", z.string());
/** On a step: its root's uid. */
export const moleculeField = gtField("gt.molecule", z.string());
/** On a step: its name in the formula. */
export const stepField = gtField("gt.step", z.string());
/** On a step: its place, counted from 0. */
export const orderField = gtField("gt.order", z.number().int().nonnegative());
export const digestField = gtField("gt.digest", Digest);

// On agents.
/** The agent's resource name. */
export const agentField = gtField("gt.agent", z.string());
/** The uid of the molecule root on its hook. */
export const hookField = gtField("gt.hook", z.string());

// On mail.
/** The uid of the bead that a message is about. */
export const aboutField = gtField("gt.about", z.string());
/** The uid of the message that this one answers. */
export const replyToField = gtField("gt.reply_to", z.string());

// On a bead that keeps the name of a wisp.
/** Whose vapour store it is in. */
export const wispField = gtField("gt.wisp", z.object({ machine: z.string() }));
