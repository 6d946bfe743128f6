import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Bead, BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import {
  EventService,
  type WatchEventsResponseSchema,
} from "#proto/gastown/v1/event_service_pb.ts";
import { FleetService, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import { type BeadNode, BeadNodeSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { type Served, served } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { openBell } from "./bell.ts";

/** A town that keeps its beads in memory, without rules: what gt's own tests talk to. */
export type TownMemory = {
  readonly services: readonly Served[];
  readonly beads: Map<string, Bead>;
  /** Put a bead there, or change one, and tell those who watch. */
  readonly put: (kind: string, bead: MessageInitShape<typeof BeadSchema>) => Bead;
  /** Settles once somebody watches. */
  readonly watched: Promise<void>;
  /** What the last list of beads was asked with. */
  readonly lastFilter: () => string;
  /** The names of its rigs, each its own prefix. */
  readonly rigs: string[];
};

type Event = MessageInitShape<typeof WatchEventsResponseSchema>;

/** An instant that the texts of a test can count from. */
export const townStartMs = Date.parse("2026-03-01T09:00:00Z");

/** Open an empty town with the rig `alpha` on the machine `vm-a`. */
export function openTownMemory(): TownMemory {
  const beads = new Map<string, Bead>();
  const events: Event[] = [];
  const bell = openBell();
  const asked = { filter: "" };
  const rigs = ["alpha"];
  const watched = Promise.withResolvers<void>();

  const put: TownMemory["put"] = (kind, init) => {
    const bead = create(BeadSchema, init);
    bead.createTime ??= timestampFromMs(townStartMs);
    bead.updateTime = timestampFromMs(townStartMs);
    beads.set(bead.id, bead);
    events.push({ resumeToken: String(events.length + 1), kind, bead, time: bead.updateTime });
    bell.ring();
    return bead;
  };
  async function* watch(token: string, signal: AbortSignal) {
    watched.resolve();
    for (let at = token === "" ? events.length : Number(token); !signal.aborted; ) {
      const event = events[at];
      if (event === undefined) {
        await bell.wait(60_000, signal);
        continue;
      }
      at += 1;
      yield event;
    }
  }
  return {
    beads,
    put,
    watched: watched.promise,
    lastFilter: () => asked.filter,
    rigs,
    services: [
      workOf(beads, put, asked),
      served(EventService, {
        watchEvents: ({ resumeToken }, { signal }) => watch(resumeToken, signal),
      }),
      ...standing(rigs),
    ],
  };
}

function workOf(
  beads: Map<string, Bead>,
  put: TownMemory["put"],
  asked: { filter: string },
): Served {
  const made = new Map<string, Bead>();
  const find = (id: string): Bead => {
    const bead = beads.get(id);
    if (bead === undefined) {
      const resource = { type: "bead", name: id };
      throw new TownError("not_found", `no bead ${id}`, { resource });
    }
    return bead;
  };
  const treeOf = (bead: Bead): BeadNode => {
    const below = [...beads.values()].filter(({ parent }) => parent === bead.id);
    return create(BeadNodeSchema, { bead, children: below.map(treeOf) });
  };
  return served(WorkService, {
    createBead: async ({ $typeName: _, requestId, dependencies: __, ...fields }) => {
      if (fields.title.length > 500) {
        const violations = [{ field: "title", description: "at most 500 characters" }];
        throw new TownError("invalid", "the title is too long", { violations });
      }
      const id = `${fields.rig || "hq"}-${beads.size + 1}`;
      const priority = fields.priority ?? 2;
      const bead =
        made.get(requestId) ??
        put("created", { ...fields, id, status: "open", priority, ready: true });
      made.set(requestId, bead);
      return { bead };
    },
    getBead: async ({ id }) => ({ bead: find(id) }),
    listBeads: async ({ filter }) => {
      asked.filter = filter;
      const open = [...beads.values()].filter(({ status }) => status !== "closed");
      return { beads: open, totalSize: open.length };
    },
    closeBead: async ({ id, reason }) => {
      const closed = { ...find(id), status: "closed", closeReason: reason, ready: false };
      return { bead: put("closed", { ...closed, closeTime: timestampFromMs(townStartMs) }) };
    },
    explainBead: async ({ id }) => {
      const bead = beads.get(id);
      if (bead?.status !== "deferred") throw new Error("a bug");
      return { bead, placement: { reasons: [`deferred by overseer: ${bead.notes}`] } };
    },
    getBeadTree: async ({ id }) => ({ root: treeOf(find(id)) }),
    updateBead: async ({ bead, updateMask }) => {
      const changes = Object.fromEntries(
        (updateMask?.paths ?? []).map((path) => [path, bead?.[path as keyof Bead]]),
      );
      return { bead: put("updated", { ...find(bead?.id ?? ""), ...changes }) };
    },
  });
}

const standing = (rigs: string[]): readonly Served[] => [
  served(TownService, {
    getTown: async () => ({
      town: "bartertown",
      version: "0.1.0",
      endpoint: "town",
      bus: "nats",
      busUp: true,
      busVersion: "2.9.10",
      machines: 1,
      rigs: 1,
    }),
    diagnose: async () => ({
      checks: [{ name: "bus", ok: false, detail: "NATS is down", remedy: "start it" }],
    }),
  }),
  served(FleetService, {
    listMachines: async () => ({
      machines: [{ name: "vm-a", state: MachineState.READY, polecatsMax: 4, link: "bus" }],
    }),
    listRigs: async () => ({
      rigs: rigs.map((name) => ({ name, prefix: name, authority: "vm-a" })),
    }),
    addRig: async ({ name, remote, gates }) => {
      rigs.push(name);
      return { rig: { name, remote, gates, prefix: name } };
    },
  }),
  served(MailService, {
    listMail: async () => ({ mail: [{ id: "hq-m1" }, { id: "hq-m2" }] }),
  }),
  served(MoleculeService, {
    getHook: async (_, { token }) =>
      token === undefined
        ? {}
        : {
            agent: `rigs/alpha/polecats/${token}`,
            molecule: {
              id: "alpha-1.m1",
              formula: "mol-polecat-work",
              bead: "alpha-1",
              steps: [
                { id: "alpha-1.m1.load", name: "load", title: "Load context", state: "done" },
                { id: "alpha-1.m1.do", name: "do", title: "Do it", state: "ready" },
              ],
            },
            next: { id: "alpha-1.m1.do", name: "do", title: "Do it", instructions: "Do the work." },
          },
  }),
];
