import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { addEdges } from "#services/ledger/drafts.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import {
  fileAs,
  fileRequest,
  heldWork,
  importEdits,
  noteRequest,
  planTask,
  slingAt,
  unblockRequest,
  workIn,
} from "../acts/beads.ts";
import {
  askAt,
  askUntilDone,
  type Desk,
  desks,
  tellStrange,
  townDesk,
  tryAt,
} from "../acts/desk.ts";
import type { Sim } from "../sim.ts";
import { type Injector, ofRig, ofTown, over, type Planned } from "./fault.ts";

/** Some who answer now, and of whom none has heard yet what the others are asked in this moment. */
function someDesks(sim: Sim, { name, detail }: Planned, count: number): Desk[] | undefined {
  const random = sim.world.random.split(`${name} ${detail}`);
  const found = random.some(desks(sim), count);
  return found.length === count ? found : undefined;
}

/** The beads that all of them know as open work. */
function known(at: readonly Desk[]): Bead[] {
  const [first, ...others] = at;
  return workIn(first?.ledger.world as Desk["ledger"]["world"]).filter(({ uid }) =>
    others.every(({ ledger }) => ledger.world.bead(uid)),
  );
}

/** One bead is edited at three replicas at once. */
const sameBeadEdited: Injector = {
  name: "same-bead-edited",
  faults: [31],
  plan: ofTown(0, 0),
  begin: (sim, planned) => {
    const at = someDesks(sim, planned, 3);
    const beads = at && known(at);
    const bead = beads?.[planned.detail % Math.max(1, beads.length)];
    if (!at || !bead) return undefined;
    for (const desk of at) {
      const says = `as ${desk.name} has it`;
      tryAt(sim, desk, noteRequest(`edit ${planned.detail} at ${desk.name}`, bead.id, says));
    }
    return over;
  },
};

/** Two replicas close a cycle at once, which neither of them can see. */
const cycleClosed: Injector = {
  name: "cycle-closed",
  faults: [54],
  plan: ofTown(10_000, 60_000),
  begin: (sim, planned) => {
    const at = someDesks(sim, planned, 2);
    const beads = (at ? known(at) : []).filter((bead) => !isHeld(bead));
    const random = sim.world.random.split(`cycle ${planned.detail}`);
    const [a, b] = random.some(beads, 2);
    const [one, other] = at ?? [];
    if (!one || !other || !a || !b) return undefined;
    link(sim, one, a, b);
    link(sim, other, b, a);
    // A person sees it, and takes both back: with what was there before, one may be a longer cycle.
    return () => {
      for (const [from, to] of [[a, b] as const, [b, a] as const]) {
        const unblock = unblockRequest(`take back ${planned.detail} ${from.id}`, from.id, to.id);
        askUntilDone(sim, townDesk(sim), unblock);
      }
    };
  },
};

function link(sim: Sim, { name, ledger }: Desk, from: Bead, to: Bead): void {
  const edge = addEdges(from.uid, [{ to: to.uid, type: "blocks" }]);
  ledger.append("overseer", [edge]).catch((error: unknown) => tellStrange(sim, name, error));
}

/** Two creations choose one id. */
const oneIdTwice: Injector = {
  name: "one-id-twice",
  faults: [55],
  plan: ofRig(0, 0),
  begin: (sim, planned) => {
    const at = someDesks(sim, planned, 2);
    if (!at) return undefined;
    const { target: rig, detail } = planned;
    for (const [which, desk] of at.entries()) {
      const title = `twin ${detail} ${which}`;
      planTask(sim, title, rig);
      fileAs(desk, { id: `${rig}-twin${detail}`, title }).catch((error: unknown) =>
        tellStrange(sim, desk.name, error),
      );
    }
    return over;
  },
};

/** One request is made at two endpoints: at once, or before the first one's answer is known. */
const retryElsewhere: Injector = {
  name: "retry-at-another-endpoint",
  faults: [56],
  plan: ofRig(0, 0),
  begin: (sim, planned) => {
    const at = someDesks(sim, planned, 2);
    if (!at) return undefined;
    const { target: rig, detail } = planned;
    const requestId = `file again ${detail}`;
    planTask(sim, requestId, rig);
    const uid = derivedUid("request", "overseer", requestId);
    for (const [which, desk] of at.entries()) {
      sim.later(which * (detail % 300), () => {
        const sling = () => slingAt(desk, uid);
        askAt(sim, desk, fileRequest(requestId, rig, requestId))
          .then(sling)
          .catch((error: unknown) => tellStrange(sim, desk.name, error));
      });
    }
    return over;
  },
};

/** Somebody claims with `bd` what a polecat works on. */
const foreignClaim: Injector = {
  name: "foreign-claim",
  faults: [57],
  plan: ofTown(0, 0),
  begin: (sim, { detail }) => {
    const at = desks(sim);
    const desk = at[detail % Math.max(1, at.length)];
    const beads = desk ? heldWork(desk.ledger.world) : [];
    const bead = beads[detail % Math.max(1, beads.length)];
    if (!desk || !bead) return undefined;
    const field = (name: string, to: string) => {
      return { kind: "field", name, from: bead.fields[name] ?? null, to } as const;
    };
    const claim = [field("assignee", "somebody"), field("owner", "somebody")];
    const status = { kind: "status", from: bead.status, to: "in_progress" } as const;
    importEdits(sim, desk, bead, [...claim, status]).catch((error: unknown) =>
      tellStrange(sim, desk.name, error),
    );
    return over;
  },
};

/** Edits that meet others, and requests that meet themselves. */
export const editFaults: readonly Injector[] = [
  sameBeadEdited,
  cycleClosed,
  oneIdTwice,
  retryElsewhere,
  foreignClaim,
];
