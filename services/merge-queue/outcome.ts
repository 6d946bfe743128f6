import type { Bead } from "#services/ledger/bead.ts";
import { closeName, closesFor } from "#services/ledger/close-name.ts";
import { addComment, closeBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import { compareEpochs } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import {
  attemptsField,
  type GateResult,
  gatesField,
  landedCommitField,
  mergeField,
  mergeReasonField,
  mergeStateField,
  rejectionsField,
  workField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { sendMail } from "#services/mail/mail.ts";
import { escalationLetter, holdLetter, rejectionLetter, rejectionText } from "./letters.ts";
import type { QueuedRequest } from "./queue.ts";

/** After so many rejections, and each time after as many again, a person has to look. */
export const rejectionsMax = 3;

const passedOutputChars = 2_000;

/** The agent that writes what became of a rig's requests. */
export function refineryOf(rig: string): string {
  return `rigs/${rig}/refinery`;
}

/** A candidate was built: its gates are running from now on. */
export function testing(request: QueuedRequest): Draft[] {
  const fields = {
    [mergeStateField.name]: "testing",
    [attemptsField.name]: request.attempts + 1,
    [gatesField.name]: [],
    [mergeReasonField.name]: null,
  };
  return [setFields(request.uid, fields)];
}

/** What the gates said so far. */
export function tested(request: QueuedRequest, results: readonly GateResult[]): Draft[] {
  return [setFields(request.uid, { [gatesField.name]: keptResults(results) })];
}

/** The id of the close that a landing writes: closing twice is closing once. */
export function mergedClose(requestUid: string, commit: string): string {
  return `merged:${requestUid}:${commit}`;
}

/**
 * A request's commit is reachable from the fetched target: close it and its bead as merged. No
 * drafts where both were closed so before, even if somebody reopened them since.
 *
 * @returns undefined where the request, or its bead, has not arrived in this ledger yet
 */
export function landed(world: World, requestUid: string, commit: string): Draft[] | undefined {
  const request = world.bead(requestUid);
  const work = request && world.bead(workField.read(request) ?? "");
  const merge = request && mergeField.read(request);
  if (!request || !work || !merge) return undefined;
  const close = mergedClose(request.uid, commit);
  const reason = `landed as ${commit.slice(0, 12)} on ${merge.target}`;
  const closing = {
    close,
    kind: "merged",
    reason,
    epoch: merge.epoch,
    commit,
    request: requestUid,
  };
  const fields = { [mergeStateField.name]: "landed", [landedCommitField.name]: commit };
  const settled = [
    setFields(requestUid, { ...fields, [mergeReasonField.name]: null }),
    closeBead(requestUid, closing),
  ];
  return [
    ...(work.closes.includes(close) || work.deleted ? [] : [closeBead(work.uid, closing)]),
    ...(request.closes.includes(close) || request.deleted ? [] : settled),
  ];
}

/** Why a request was sent back, and by which words of which gate. */
export type Rejection = {
  readonly as: "rejected" | "conflict";
  readonly why: string;
  readonly results: readonly GateResult[];
};

/**
 * Send a request back: its bead is ready again, its worker has mail, and what the gate printed
 * stands on the bead for whoever takes it up next. Every third time the bead is deferred and the
 * overseer has mail.
 */
export function rejected(world: World, request: QueuedRequest, rejection: Rejection): Draft[] {
  const work = world.bead(request.bead);
  const bead = world.bead(request.uid);
  if (!work || !bead || bead.status === "closed") return [];
  const { merge, uid } = request;
  const refinery = refineryOf(merge.rig);
  const close = closeName(bead, `rejected:${uid}`);
  const count = rejectionsBefore(world, work, uid) + 1;
  const spent = count % rejectionsMax === 0;
  const text = rejectionText(request, rejection, count);
  const comment = addComment(work.uid, { author: refinery, text });
  const letters = [
    rejectionLetter(request, rejection, text),
    ...(spent ? [escalationLetter(request, text, count)] : []),
  ];
  const fields = {
    [mergeStateField.name]: rejection.as,
    [mergeReasonField.name]: rejection.why,
    [gatesField.name]: keptResults(rejection.results),
  };
  const status = spent && work.status !== "closed" ? { status: "deferred" } : {};
  return [
    { ...comment, values: { author: refinery, text, id: close } } as Draft,
    ...letters.flatMap((letter) => sendMail(world, letter)),
    setFields(work.uid, { [rejectionsField.name]: count, ...status }),
    setFields(uid, fields),
    ...release(work, merge.epoch, rejection),
    // The close comes last: while the request is open, nobody claims its bead again. It bears no
    // epoch, or the next claim would make it late and the request live again.
    closeBead(uid, { close, kind: "rejected", reason: rejection.why }),
  ];
}

/** Settle a request that counts no more, without a mark against its bead. */
export function withdrawn(world: World, request: QueuedRequest, why: string): Draft[] {
  const bead = world.bead(request.uid);
  if (!bead || bead.status === "closed") return [];
  const reason = `stale: ${why}`;
  const close = closeName(bead, `stale:${request.uid}`);
  return [
    setFields(request.uid, {
      [mergeStateField.name]: "rejected",
      [mergeReasonField.name]: reason,
    }),
    closeBead(request.uid, { close, kind: "rejected", reason }),
  ];
}

/** The remote does not let a tested candidate in: say why, and tell the overseer once. */
export function held(world: World, request: QueuedRequest, why: string): Draft[] {
  const bead = world.bead(request.uid);
  if (!bead || bead.status === "closed") return [];
  const isSame = plain(mergeReasonField.read(bead) ?? "") === plain(why);
  if (mergeStateField.read(bead) === "held" && isSame) return [];
  return [
    ...sendMail(world, holdLetter(request, why)),
    setFields(request.uid, {
      [mergeStateField.name]: "held",
      [mergeReasonField.name]: why,
    }),
  ];
}

/** Words without commit ids: the same refusal of a candidate that was built anew reads the same. */
function plain(words: string): string {
  return words.replaceAll(/[0-9a-f]{7,64}/g, "");
}

/** How many other requests of a bead were rejected; those that were only stale do not count. */
function rejectionsBefore(world: World, work: Bead, uid: string): number {
  return world
    .ofWork(work.uid)
    .filter((each) => each.uid !== uid && closesFor(each, `rejected:${each.uid}`).length > 0)
    .length;
}

function release(work: Bead, epoch: string, { as, why }: Rejection): Draft[] {
  const { claim } = work;
  if (!claim || claim.released || compareEpochs(claim.epoch, epoch) !== 0) return [];
  return [releaseBead(work.uid, epoch, `${as}: ${why}`.slice(0, 500), as)];
}

/** The end of what a failed gate printed is kept whole, of what the others did the last lines. */
function keptResults(results: readonly GateResult[]): GateResult[] {
  return results.map((result) =>
    result.passed ? { ...result, output: result.output.slice(-passedOutputChars) } : { ...result },
  );
}
