import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FleetService, LossPolicy } from "#proto/gastown/v1/fleet_service_pb.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import type { RpcClient } from "#services/rpc/client.ts";
import { bareRemote } from "../../deploy/local/demo/remotes.ts";
import { foldLines, journalLines, ledgerLines } from "../../deploy/local/verify/read-ledger.ts";
import type { NatsServer } from "../../deploy/setup/nats-server.ts";
import type { Observation } from "../invariants/observation.ts";
import { makeProject } from "../scenarios/project.ts";
import {
  type ChaosMachine,
  clientOf,
  type Fleet,
  type MachineOptions,
  openFleet,
} from "./fleet.ts";
import { type GitHttp, serveGit } from "./git-http.ts";
import { type JournalTail, tailJournals } from "./journal-tail.ts";
import type { Work } from "./work.ts";

/** How long a wait may take where a scenario says nothing else; a busy host takes its time. */
export const seenMsMax = 90_000;
/** The same of one call. */
export const callMsMax = 60_000;
const pollMs = 40;

/** What a scenario plays on: a town, its machines, its git server, and what was seen of them. */
export type Stage = {
  readonly home: string;
  readonly signal: AbortSignal;
  readonly git: GitHttp;
  readonly fleet: Fleet;
  readonly journals: JournalTail;
  /** A client of the town; made anew after each start of it. */
  readonly rpc: () => RpcClient;
  /** A client of a machine's local API, good as long as its process. */
  readonly local: (machine: ChaosMachine) => RpcClient;
  readonly machine: (name: string) => ChaosMachine;
  /** Add a machine and start it, and wait until the town knows it. */
  readonly join: (name: string, options?: MachineOptions) => Promise<ChaosMachine>;
  readonly until: <T>(
    what: string,
    look: () => T | undefined | Promise<T | undefined>,
    timeoutMs?: number,
  ) => Promise<T>;
  /** The first event in any journal that is like this, seen already or yet to come. */
  readonly event: (
    what: string,
    isIt: (event: LedgerEvent) => boolean,
    timeoutMs?: number,
  ) => Promise<LedgerEvent>;
  /** Let a fault last. */
  readonly last: (faultMs: number) => Promise<void>;
  readonly filed: (work: Work) => void;
  readonly works: () => readonly Work[];
  /** A machine that will never come back; nothing of its disk is looked at afterwards. */
  readonly lose: (machine: ChaosMachine) => void;
  readonly lost: () => ReadonlySet<ChaosMachine>;
  /** Undo something of the host once all processes have ended. */
  readonly after: (undo: () => Promise<void>) => void;
  /** Wait until the ledger's remote has all that a machine has written by now. */
  readonly atRemote: (machine: ChaosMachine, what: string) => Promise<void>;
  /** Somebody else removed records of landings from the chain: they may be missing there. */
  readonly forgiveChain: () => void;
  readonly isChainWhole: () => boolean;
  /** Note something for the record by which the run is judged. */
  readonly see: (seen: Observation) => void;
  readonly observations: () => readonly Observation[];
  /** Something that must be so in this scenario, beside what is always judged. */
  readonly expect: (isSo: boolean, why: string) => void;
  readonly objections: () => readonly string[];
};

/** What a stage is opened with. */
export type StageOptions = {
  readonly home: string;
  readonly nats: NatsServer;
  readonly signal: AbortSignal;
};

/** A stage, and how it ends. */
export type OpenStage = Stage & { readonly close: () => Promise<void> };

/** Start git server, bus and town. Rigs and machines are the scenario's. */
export async function openStage({ home, nats, signal }: StageOptions): Promise<OpenStage> {
  const remotes = join(home, "remotes");
  await bareRemote(join(remotes, "ledger.git"), signal);
  await makeProject(home, "alpha");
  const git = await serveGit(remotes);
  const observations: Observation[] = [];
  const see = (seen: Observation) => void observations.push(seen);
  const fleet = await openFleet({ home, git, nats, signal, see });
  const clients = new Map<string, RpcClient>();
  const clientAt = (address: string) => {
    const known = clients.get(address) ?? clientOf(address);
    clients.set(address, known);
    return known;
  };
  const seen = observer(home, fleet, signal);
  const told = notes();
  const undo: (() => Promise<void>)[] = [];
  const stage: OpenStage = {
    home,
    signal,
    git,
    fleet,
    ...seen,
    ...told,
    see,
    observations: () => observations,
    rpc: () => clientAt(fleet.town.address()),
    local: (machine) => clientAt(`unix:${machine.socket()}`),
    machine: (name) => {
      const found = fleet.machines.get(name);
      if (found === undefined) throw new Error(`no machine ${name}`);
      return found;
    },
    join: async (name, options) => {
      const machine = await fleet.add(name, options);
      await machine.start();
      await untilKnown(stage, name);
      return machine;
    },
    after: (step) => void undo.push(step),
    atRemote: (machine, what) => untilPushed(stage, machine, what),
    close: async () => {
      for (const rpc of clients.values()) rpc.close();
      await fleet.close();
      await git.close();
      for (const step of undo) await step();
    },
  };
  return stage;
}

function observer(
  home: string,
  { machines }: Fleet,
  signal: AbortSignal,
): Pick<Stage, "journals" | "until" | "event" | "last"> {
  const journals = tailJournals(() => [
    join(home, "town", "journal"),
    ...[...machines.values()].map((machine) => join(machine.home, "journal")),
  ]);
  return {
    journals,
    event: (what, isIt, timeoutMs = seenMsMax) => journals.until(what, isIt, { signal, timeoutMs }),
    last: (faultMs) => wait(faultMs, undefined, { signal }),
    until: async (what, look, timeoutMs = seenMsMax) => {
      const deadlineMs = performance.now() + timeoutMs;
      for (;;) {
        await journals.look();
        const found = await look();
        if (found !== undefined) return found;
        if (performance.now() > deadlineMs) {
          throw new Error(`not seen in ${timeoutMs / 1_000} s: ${what}`);
        }
        await wait(pollMs, undefined, { signal });
      }
    },
  };
}

type Notes = "filed" | "works" | "lose" | "lost" | "expect" | "objections";

function notes(): Pick<Stage, Notes | "forgiveChain" | "isChainWhole"> {
  let isChainWhole = true;
  const works: Work[] = [];
  const lost = new Set<ChaosMachine>();
  const objections: string[] = [];
  return {
    filed: (work) => void works.push(work),
    works: () => works,
    lose: (machine) => void lost.add(machine),
    lost: () => lost,
    forgiveChain: () => {
      isChainWhole = false;
    },
    isChainWhole: () => isChainWhole,
    expect: (isSo, why) => {
      if (!isSo) objections.push(why);
    },
    objections: () => objections,
  };
}

function untilKnown(stage: Stage, name: string): Promise<true> {
  return stage.until(`the town knows ${name}`, async () => {
    const { machines } = await stage.rpc().client(FleetService).listMachines({});
    return machines.some((machine) => machine.name === name) || undefined;
  });
}

async function untilPushed(stage: Stage, machine: ChaosMachine, what: string): Promise<void> {
  const own = await foldLines(await journalLines(join(machine.home, "journal")));
  await stage.until(what, async () => {
    const remote = await foldLines(await ledgerLines(stage.git.dir("ledger"), stage.signal));
    const known = new Set(remote.events.map(({ hash }) => hash));
    return own.events.every(({ hash }) => known.has(hash)) || undefined;
  });
}

/** Add rig alpha, whose lost machines are replaced soon, and wait until somebody governs it. */
export async function addRig(
  stage: Stage,
  more: {
    readonly gate?: string;
    readonly machines?: string[];
    readonly polecatsMax?: number;
  } = {},
): Promise<void> {
  const { gate = "sh check.sh", ...rest } = more;
  await stage
    .rpc()
    .client(FleetService)
    .addRig(
      {
        name: "alpha",
        remote: stage.git.url("alpha"),
        gates: [{ name: "check", command: gate, timeoutSeconds: 60 }],
        onLoss: LossPolicy.REPLACE,
        lossWaitSeconds: 1,
        ...rest,
      },
      { timeoutMs: callMsMax },
    );
  await authority(stage);
}

/** Who took a rig's term last, once it is a term later than this. */
export async function authority(
  stage: Stage,
  afterTerm = 0,
): Promise<{ readonly machine: string; readonly term: number }> {
  const held = (event: LedgerEvent) => {
    const { fields } = event.values as { fields?: { "gt.authority"?: Held } };
    return event.op === "set" ? fields?.["gt.authority"] : undefined;
  };
  await stage.event(`a term after ${afterTerm} is taken`, (event) => {
    return (held(event)?.term ?? 0) > afterTerm;
  });
  const all = stage.journals.events().flatMap((event) => held(event) ?? []);
  return all.reduce((high, each) => (each.term > high.term ? each : high));
}

type Held = { readonly machine: string; readonly term: number };
