import { authorityRef } from "#services/git/authority-chain.ts";
import { moveAuthority } from "../acts/fleet.ts";
import type { Sim } from "../sim.ts";
import { codeUrl } from "../world.ts";
import { type Injector, ofRig, ofTown } from "./fault.ts";

const ledger = "sim:ledger";

/** Remotes that do not answer for a while; an hour would only be more of the same. */
const codeAway: Injector = {
  name: "code-away",
  faults: [28],
  plan: ofRig(5_000, 180_000),
  begin: (sim, { target }) => sim.cutAll(codeUrl(target)),
};

const ledgerAway: Injector = {
  name: "ledger-away",
  faults: [28],
  plan: ofTown(5_000, 180_000),
  begin: (sim) => sim.cutAll(ledger),
};

/** The next pushes arrive, and their answers do not. */
const lostAnswer: Injector = {
  name: "lost-answer",
  faults: [29],
  plan: ofRig(60_000, 60_000),
  isTrap: true,
  begin: (sim, { target, detail }, struck) => {
    const isWanted = detail % 2 === 0 ? "refs/heads/main" : "refs/";
    return sim.remotes.trap(codeUrl(target), {
      after: ({ kind, updates }) => {
        const isMeant = kind === "push" && updates.some(({ ref }) => ref.startsWith(isWanted));
        return isMeant ? lose(struck) : undefined;
      },
    });
  },
};

const lostLedgerAnswer: Injector = {
  name: "lost-ledger-answer",
  faults: [29],
  plan: ofTown(60_000, 60_000),
  isTrap: true,
  begin: (sim, _planned, struck) =>
    sim.remotes.trap(ledger, {
      after: ({ kind }) => (kind === "push" ? lose(struck) : undefined),
    }),
};

function lose(struck: () => void): "lost" {
  struck();
  return "lost";
}

/** The remote dies between two refs of one atomic push. */
const torn: Injector = {
  name: "torn-push",
  faults: [47],
  plan: ofRig(90_000, 90_000),
  isTrap: true,
  begin: (sim, { target, detail }, struck) => {
    const kept = detail % 2 === 0 ? "refs/heads/main" : authorityRef;
    return sim.remotes.trap(codeUrl(target), {
      before: ({ kind, updates }) => {
        if (kind !== "push" || updates.length < 2) return undefined;
        struck();
        return { do: "tear", isKept: (ref) => ref === kept };
      },
    });
  },
};

/** A backup is taken at the beginning, and brought back at the end. */
function backUpAndRestore(sim: Sim, url: string): () => void {
  const backup = sim.remotes.at(url).snapshot();
  return () => sim.remotes.at(url).restore(backup);
}

/** The target is moved back by force; what was landed on top of it is gone from it. */
const rewound: Injector = {
  name: "rewound-target",
  faults: [30],
  plan: ofRig(0, 0),
  begin: (sim, { target }) => (sim.remotes.rewindTarget(target) ? () => {} : undefined),
};

const restoredCode: Injector = {
  name: "restored-code",
  faults: [46],
  plan: ofRig(5_000, 90_000),
  begin: (sim, { target }) => backUpAndRestore(sim, codeUrl(target)),
};

const restoredLedger: Injector = {
  name: "restored-ledger",
  faults: [46],
  plan: ofTown(5_000, 90_000),
  begin: (sim) => backUpAndRestore(sim, ledger),
};

const deletedChain: Injector = {
  name: "deleted-authority",
  faults: [48],
  plan: ofRig(0, 0),
  begin: (sim, { target }) => {
    const remote = sim.remotes.at(codeUrl(target));
    if (remote.ref(authorityRef) === undefined) return undefined;
    remote.deleteRef(authorityRef);
    return () => {};
  },
};

/** A human pushes to the target, now and while a candidate is tested. */
const humanPush: Injector = {
  name: "human-push",
  faults: [34],
  plan: ofRig(30_000, 60_000),
  begin: (sim, { target, detail }) => {
    const push = (at: string) => {
      sim.remotes
        .at(codeUrl(target))
        .moveByHuman("main", { [`human/${detail}-${at}.txt`]: `${at}\n` });
    };
    push("now");
    return sim.onGate(target, () => push("gate"));
  },
};

/** The authority is moved while a landing is tested. */
const movedAuthority: Injector = {
  name: "moved-authority",
  faults: [58],
  plan: ofRig(60_000, 60_000),
  isTrap: true,
  begin: (sim, { target, detail }, struck) =>
    sim.onGate(target, () => {
      if (moveAuthority(sim, target, detail)) struck();
    }),
};

export const remoteFaults: readonly Injector[] = [
  codeAway,
  ledgerAway,
  lostAnswer,
  lostLedgerAnswer,
  torn,
  rewound,
  restoredCode,
  restoredLedger,
  deletedChain,
  humanPush,
  movedAuthority,
];
