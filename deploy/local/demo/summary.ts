import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import type { MergeRequest } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import type { BeadNode } from "#proto/gastown/v1/work_service_pb.ts";
import { elapsed } from "#services/gt/elapsed.ts";
import { table } from "#services/gt/table.ts";
import type { KillAccount } from "./kill-account.ts";

/** What came of a run; with `--json` it is the last line, in this order. */
export type Summary = {
  readonly ok: boolean;
  /** Of the given file, the epic included. */
  readonly beads: { readonly closed: number; readonly open: number };
  readonly landed: number;
  readonly machines: number;
  readonly rigs: number;
  readonly bus: string;
  readonly elapsedMs: number;
  readonly verified: boolean;
  readonly killed?: KillAccount;
};

/** What a summary is made of. */
export type Outcome = {
  readonly beads: readonly Bead[];
  /** The epic with all below it. */
  readonly root: BeadNode;
  readonly requests: readonly MergeRequest[];
  readonly machines: number;
  readonly rigs: number;
  readonly bus: string;
  readonly elapsedMs: number;
  readonly verified: boolean;
  /** What was killed, and how many workers that really interrupted. */
  readonly killed?: { readonly account: KillAccount; readonly interrupted: number } | undefined;
};

/** Add up a run. Ok: all is closed and verified, and what should be interrupted was. Pure. */
export function summarize(outcome: Outcome): Summary {
  const { beads, requests, machines, rigs, bus, elapsedMs, verified, killed } = outcome;
  const closed = beads.filter(({ status }) => status === "closed").length;
  const open = beads.length - closed;
  const wasInterrupted = killed === undefined || killed.interrupted > 0;
  return {
    ok: open === 0 && beads.length > 0 && verified && wasInterrupted,
    beads: { closed, open },
    landed: requests.filter(({ state }) => state === "landed").length,
    machines,
    rigs,
    bus,
    elapsedMs: Math.round(elapsedMs),
    verified,
    ...(killed && { killed: killed.account }),
  };
}

/** Who landed what, where, and how long it took, for people. Pure. */
export function summaryTable(outcome: Outcome, width: number): string {
  const rows = outcome.requests.toSorted(bySettling).map((request) => {
    const { bead: id, worker, rig, landedCommit, state } = request;
    const node = outcome.root.children.find(({ bead }) => bead?.id === id);
    return [
      id,
      node?.bead?.title ?? "",
      [node?.machine, worker.slice(worker.lastIndexOf("/") + 1)].filter(Boolean).join("/"),
      rig,
      state === "landed" ? landedCommit.slice(0, 8) : state,
      lengthOf(node),
    ];
  });
  const columns = [
    { head: "BEAD" },
    { head: "WHAT", gives: true },
    { head: "WHO" },
    { head: "RIG" },
    { head: "LANDED" },
    { head: "TOOK", align: "right" as const },
  ];
  return table(columns, rows, width);
}

function bySettling(a: MergeRequest, b: MergeRequest): number {
  return settledMs(a) - settledMs(b);
}

function settledMs({ settleTime }: MergeRequest): number {
  return settleTime === undefined ? Number.MAX_SAFE_INTEGER : timestampMs(settleTime);
}

function lengthOf(node: BeadNode | undefined): string {
  const { startTime, bead } = node ?? {};
  if (startTime === undefined || bead?.closeTime === undefined) return "";
  return elapsed(timestampMs(bead.closeTime) - timestampMs(startTime));
}

/** The last words for people. Pure. */
export function verdict({ ok, beads, landed, machines, elapsedMs, killed }: Summary): string {
  const seconds = (elapsedMs / 1_000).toFixed(1);
  const kill =
    killed === undefined
      ? ""
      : `; ${killed.machine} was killed: ${killed.stepsKept} steps kept, ` +
        `${killed.stepsRepeated} repeated`;
  const all = beads.closed + beads.open - 1; // The epic, which closes last, is told by itself.
  const done = beads.open === 0 ? wholeOf(all) : `${beads.closed} of ${all} beads`;
  const what = `${done} closed, ${landed} landed on ${machines} machines`;
  return `${ok ? "All done" : "Not done"}: ${what} in ${seconds} s${kill}.`;
}

function wholeOf(count: number): string {
  return count === 1 ? "1 bead and its epic" : `${count} beads and their epic`;
}
