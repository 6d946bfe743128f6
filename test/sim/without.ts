import type { Git } from "#services/git/git.ts";
import type { Draft } from "#services/ledger/event.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { LedgerGit } from "#services/ledger/ledger-git.ts";
import { stepField } from "#services/ledger/work-fields.ts";
import { landed, refineryOf } from "#services/merge-queue/outcome.ts";
import type { MemoryPolecatGit } from "../../rig-agent/polecat/git-memory.ts";
import type { CodePorts } from "../../rig-agent/refinery/ports.ts";
import type { SimHands } from "./boot-machine.ts";
import type { Protection } from "./protections.ts";

/** Limits that the town and its machines run with. */
export type FleetLimits = {
  readonly graceMs: number;
  readonly lostAfterMs: number;
  readonly brakeShare: number;
};

/** How a world is spoiled in which one protection is off. */
export type Weakness = {
  readonly limits: FleetLimits;
  /** A disk keeps what it was told to keep. */
  readonly keepsWhatIsSynced: boolean;
  /** A push with a lease is refused where the ref has moved. */
  readonly keepsLeases: boolean;
  /** One request has one id, however often it is asked. */
  readonly keepsRequestIds: boolean;
  readonly ledger: (ledger: Ledger) => Ledger;
  readonly ledgerGit: (git: LedgerGit) => LedgerGit;
  readonly hands: (hands: SimHands) => SimHands;
};

/** With all protections on. */
export const strong: Weakness = {
  limits: { graceMs: 30_000, lostAfterMs: 60_000, brakeShare: 0.5 },
  keepsWhatIsSynced: true,
  keepsLeases: true,
  keepsRequestIds: true,
  ledger: (ledger) => ledger,
  ledgerGit: (git) => git,
  hands: (hands) => hands,
};

/** The world without one protection; each is taken away between two parts, none inside of them. */
export function without(protection: Protection | undefined): Weakness {
  const { limits } = strong;
  switch (protection) {
    case undefined:
      return strong;
    case "fencing":
      return { ...strong, keepsLeases: false };
    case "epoch-check":
      return { ...strong, ledger: withoutEpochs };
    case "durable-append":
      return { ...strong, keepsWhatIsSynced: false };
    case "salvage":
      return {
        ...strong,
        hands: (hands) => ({ ...hands, polecatGit: careless(hands.polecatGit) }),
      };
    case "dedupe":
      return { ...strong, keepsRequestIds: false };
    case "gap-repair":
      return { ...strong, ledgerGit: blind };
    case "storm-brake":
      return { ...strong, limits: { ...limits, brakeShare: 1 } };
    case "grace":
      // What is shorter than the grace makes nobody lost, because loss takes longer than that.
      return { ...strong, limits: { ...limits, graceMs: 0, lostAfterMs: 12_000 } };
    case "close-after-land":
      return { ...strong, hands: (hands) => ({ ...hands, code: closesFirst(hands) }) };
    case "single-landing":
      return { ...strong, hands: (hands) => ({ ...hands, code: forgetful(hands) }) };
  }
}

/** Steps that say where an attempt stands, and not what it has made. */
const closing = new Set(["submit", "exit-decision", "request-shutdown"]);

/**
 * The steps that an attempt worked through are closed as if by nobody, so that the fold has nothing
 * to compare: they count for whatever attempt comes after it.
 */
function withoutEpochs(ledger: Ledger): Ledger {
  const bare = (draft: Draft): Draft => {
    const step = draft.op === "close" ? ledger.world.bead(draft.bead) : undefined;
    const name = step && stepField.read(step);
    if (name === undefined || closing.has(name)) return draft;
    const { epoch: _epoch, ...rest } = draft;
    return rest;
  };
  return { ...ledger, append: (actor, drafts) => ledger.append(actor, drafts.map(bare)) };
}

/** Worktrees are removed as they stand, and no checkpoint is ever pushed. */
function careless(git: MemoryPolecatGit): MemoryPolecatGit {
  return {
    ...git,
    pushCheckpoint: async () => undefined,
    removeWorktree: (wanted) => git.removeWorktree({ ...wanted, released: true }),
  };
}

/** After its first look nothing is fetched any more: what the bus lost stays lost. */
function blind(git: LedgerGit): LedgerGit {
  let hasLooked = false;
  return {
    dir: git.dir,
    seen: () => git.seen(),
    push: (outgoing, signal) => git.push(outgoing, signal),
    fetch: async (signal, options) => {
      if (hasLooked) return { lines: [], rewound: [] };
      const fetched = await git.fetch(signal, options);
      hasLooked = true;
      return fetched;
    },
  };
}

/** The close is written before the push that it speaks of. */
function closesFirst({ code, ledger }: SimHands): CodePorts {
  return {
    ...code,
    land: async (wanted) => {
      for (const { request, commit } of wanted.landings) {
        const drafts = landed(ledger.world, request, commit) ?? [];
        const rig = /\/rigs\/([^/]+)\//.exec(wanted.repoDir)?.[1] ?? "";
        await ledger.append(refineryOf(rig), drafts);
      }
      return code.land(wanted);
    },
  };
}

/** Nobody looks at what has landed already: not at the chain, and not at the target. */
function forgetful({ code, git }: SimHands): CodePorts {
  return {
    ...code,
    readChain: async (place) => ({ ...(await code.readChain(place)), landings: [] }),
    build: async (repoDir, request, onto) => {
      const built = await code.build(repoDir, request, onto);
      return built.kind === "empty" ? again(git, { repoDir, request, onto }) : built;
    },
  };
}

type Building = {
  readonly repoDir: string;
  readonly request: Parameters<CodePorts["build"]>[1];
  readonly onto: string;
};

async function again(git: Git, { repoDir, request, onto }: Building) {
  const { merge, beadId, uid } = request;
  const person = { name: "refinery", email: "refinery@sim.invalid" };
  const tree = await git.treeOf(repoDir, onto);
  const trailers = {
    "Gastown-Request": uid,
    "Gastown-Bead": beadId,
    "Gastown-Epoch": merge.epoch,
    "Gastown-Worker": merge.worker,
  };
  const commit = await git.commitTree({
    ...{ repoDir, tree, parents: [onto, merge.commit], message: `${beadId} once more`, trailers },
    ...{ author: person, committer: person },
  });
  return { kind: "candidate" as const, commit, tree };
}
