import type { Bead, Comment } from "#services/ledger/bead.ts";
import { compareOrigins } from "#services/ledger/bead-state.ts";
import { stampTime } from "#services/ledger/clock.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import {
  exitField,
  mergeField,
  mergeReasonField,
  rejectionsField,
} from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { newestRequest } from "../merge-queue/get-merge-request.ts";

/** How a closed bead ended: what landed where, when and by whom, or who closed it and why. */
export function endOf(bead: Bead, world: World): string {
  const { claim, closedAt = "", closedBy, closeCommit, closeKind, closeReason } = bead;
  if (closeKind !== "merged") {
    const why = closeReason === "" || closeReason === closeKind ? "" : `: ${closeReason}`;
    return `closed as ${closeKind || "done"}${at(closedAt)}${by(closedBy)}${why}`;
  }
  const request = newestRequest(bead, world);
  const merge = request && mergeField.read(request);
  const commit = closeCommit === undefined ? "" : ` as ${closeCommit.slice(0, 12)}`;
  const target = merge ? ` on ${merge.target}` : "";
  return `landed${commit}${target}${at(closedAt)}${by(merge?.worker ?? claim?.polecat ?? "")}`;
}

/** Who put a bead aside and why, and what a person can do; empty where nobody has. */
export function whyAside(bead: Bead, world: World): string[] {
  const { id, status } = bead;
  if (status !== "deferred" && status !== "blocked") return [];
  const { who, why } = lastWord(bead, world);
  const comment = bead.comments.at(-1);
  return [
    `${status}${who}${why === "" ? "" : `: ${firstLines(why)}`}`,
    ...(comment && !saysAlready(comment, why)
      ? [`last comment, by ${comment.author}: ${firstLines(comment.text)}`]
      : []),
    `gt sling ${id} has it tried again, gt close ${id} gives it up`,
  ];
}

/** The exit or the rejection that put it aside, unless somebody did so by hand since. */
function lastWord(bead: Bead, world: World): { who: string; why: string } {
  const fields = world.state(bead.uid)?.fields;
  const [status, left, rejected] = [
    fields?.get("status")?.origin,
    fields?.get(exitField.name)?.origin,
    fields?.get(rejectionsField.name)?.origin,
  ];
  const hand = status ? `${at(stampTime(status.stamp))}${by(status.actor)}` : "";
  const exit = exitField.read(bead);
  const isLast = exit && claimEpoch(exit.epoch) === bead.claim?.epoch;
  const isByHand = status && left && compareOrigins(status, left) > 0;
  if (isLast && exit.kind !== "COMPLETED" && (!isByHand || left.actor === status.actor)) {
    const when = left ? at(stampTime(left.stamp)) : "";
    return { who: `${when}${by(bead.claim?.polecat ?? "")}`, why: `${exit.kind}: ${exit.summary}` };
  }
  const count = rejectionsField.read(bead) ?? 0;
  if (count > 0 && rejected?.actor === status?.actor) {
    const request = newestRequest(bead, world);
    const why = (request && mergeReasonField.read(request)) ?? "";
    return { who: `${hand} after ${count} rejections`, why };
  }
  return { who: hand, why: "" };
}

function saysAlready({ text }: Comment, why: string): boolean {
  return why !== "" && text.includes(why.replace(/\.$/, ""));
}

const charsMax = 300;

function firstLines(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, " ");
  return line.length > charsMax ? `${line.slice(0, charsMax)}…` : line;
}

function by(who: string): string {
  return who === "" ? "" : ` by ${who}`;
}

/** To the second: nobody tells beads apart by less. */
function at(time: string): string {
  return time === "" ? "" : ` at ${time.replace(/\.\d+(?=Z$)/, "")}`;
}
