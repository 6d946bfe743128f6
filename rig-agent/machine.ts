import type { Bus } from "#services/bus/bus.ts";
import { townMachine } from "#services/bus/subjects.ts";
import { version, wireVersion } from "#services/config/version.ts";
import type { Git } from "#services/git/git.ts";
import type { SalvageGit } from "#services/git/salvage.ts";
import { writerMachine } from "#services/ledger/event.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { LedgerGit } from "#services/ledger/ledger-git.ts";
import type { Rig } from "#services/ledger/rigs.ts";
import { runLedgerCheckpoints } from "#services/ledger/run-checkpoints.ts";
import { type LedgerSync, runSync } from "#services/ledger/sync.ts";
import type { WispStore } from "#services/ledger/wisp-store.ts";
import type { Actor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import type { PolecatBeat } from "#services/telemetry/beat.ts";
import type { StartHeart } from "#services/telemetry/heartbeat.ts";
import type { Logger } from "#services/telemetry/log.ts";
import { listenToPeers, type Peers } from "#services/telemetry/peers.ts";
import { watchFleet } from "#services/telemetry/watch-fleet.ts";
import { runAuthority } from "./authority/run-authority.ts";
import { Terms } from "./authority/terms.ts";
import type { RigAgentConfig } from "./config.ts";
import { runDrain } from "./drain/drain.ts";
import { runCheckpoints } from "./polecat/checkpoint.ts";
import type { PolecatPorts } from "./polecat/ports.ts";
import { observe } from "./polecat/status.ts";
import { polecatLimits, startSupervisor } from "./polecat/supervisor.ts";
import type { CodePorts, RefineryPorts } from "./refinery/ports.ts";
import { startRefinery } from "./refinery/refinery.ts";
import { refuseWork } from "./refuse-work.ts";
import { runSalvage } from "./salvage/run-salvage.ts";
import { standingTrouble, watchStanding } from "./standing.ts";
import { patrolLimits } from "./witness/judge.ts";
import { runVapour } from "./witness/vapour.ts";
import { startWitness } from "./witness/witness.ts";

/** Where a machine's loops write what is worth a line. */
export type Log = Pick<Logger, "info" | "warn">;

/** What every loop of a machine runs on. */
export type Surroundings = {
  /** The town's name. */
  readonly town: string;
  readonly config: RigAgentConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** What a machine knows of the others, and how it keeps in step with them. */
export type Company = { readonly sync: LedgerSync; readonly peers: Peers };

/** Keep a machine's ledger in step, and hear the others. */
export async function keepCompany(
  around: Surroundings,
  { ledger, git }: { readonly ledger: Ledger; readonly git: LedgerGit },
): Promise<Company> {
  const { town, bus, clock, log, signal } = around;
  bus.onError((error) => log.warn({ err: error }, "bus"));
  bus.onLink((up) => log.info({ up }, up ? "bus is up" : "bus is down: over git, slower"));
  const onRemoteBack = () => log.info("the ledger remote answers again");
  const shared = { ledger, git, bus, clock, signal, report: reporter(log), onRemoteBack };
  const sync = await runSync({ town, ...shared });
  const peers = listenToPeers({
    bus,
    town,
    clock,
    signal,
    onBeat: ({ heads }) => {
      for (const [writer, [seq, hash]] of Object.entries(heads)) sync.heard(writer, { seq, hash });
    },
  });
  ledger.onChange(({ event }) => peers.heardEvent(writerMachine(event.writer), event.clock[0]));
  return { sync, peers };
}

/** What a machine's loops are given beside their surroundings: its hands on the world. */
export type MachineParts = Company & {
  readonly polecats: PolecatPorts;
  readonly wisps: WispStore;
  readonly code: CodePorts;
  /** The authority's git; the real one if absent. */
  readonly git?: Git;
  readonly test: RefineryPorts["test"];
  /** A rig's gate worktree. */
  readonly gateDir: (rig: string) => string;
  /** Make sure that our bare clone of a rig's remote is there and level with it; its path. */
  readonly clone: (rig: Rig, signal: AbortSignal) => Promise<string>;
  readonly heart: StartHeart;
  /** The wire version that it says it speaks; the newest if absent. */
  readonly wire?: number;
  /** Where it is given, what landed or was released is collected at the remotes after an age. */
  readonly salvage?: SalvageGit;
};

/** A machine at work. */
export type RunningMachine = {
  /** Something changed that its loops may act on. */
  readonly ring: () => void;
  /** What keeps a bead from being started or cleaned up, in words. */
  readonly trouble: (bead: string) => string | undefined;
  readonly terms: Terms;
  /** Resolves when every loop has ended. Polecats go on. */
  readonly ended: Promise<unknown>;
};

/** After this long without a sign of the town, the authority plans for its own rigs. */
const townSilentMs = 30_000;
const machineSilentMs = 15_000;

/** Run a machine: its authorities, its polecats, its Witness, its Refineries, its beat. */
export function runMachine(around: Surroundings, parts: MachineParts): RunningMachine {
  const { clock, log, signal, config } = around;
  const { polecats, wisps } = parts;
  const report = reporter(log);
  const terms = new Terms();
  const refinery = startRefinery(refineryPorts(around, parts, terms), { clock, signal, report });
  const authority = governRigs(around, parts, { terms, reconcile: refinery.reconcile });
  const { ledger } = polecats;
  const idOf = (uid: string) => ledger.world.bead(uid)?.id ?? uid;
  const trouble = () => standingTrouble(ledger.world, config.machine, parts.peers);
  const supervisor = startSupervisor({
    ports: polecats,
    limits: { ...polecatLimits, polecatsMax: config.polecatsMax },
    refusal: refuseWork(ledger.world, config.machine, trouble),
    report,
    notice: (action) => log.info({ ...action, bead: idOf(action.bead) }, action.do),
  });
  const witness = startWitness({
    ports: polecats,
    wisps,
    limits: patrolLimits,
    report,
    notice: (what, { name, beadId: bead, epoch }) => log.info({ session: name, bead, epoch }, what),
  });
  const vapour = runVapour({ ports: polecats, wisps, maxAgeMs: config.wispMaxAgeMs, report, log });
  const observer = observe(polecats, supervisor.trouble, report);
  const checkpoints = runCheckpoints(polecats, report);
  const { wire = wireVersion } = parts;
  const beating = { ledger, terms, polecats: observer.polecats, wire, report };
  const beats = runBeats(config, parts.heart, beating);
  const ring = () => {
    supervisor.ring();
    witness.ring();
    refinery.ring();
  };
  const actors: { ended: Promise<unknown> }[] = [refinery, authority, supervisor, witness];
  actors.push(vapour, observer.actor, checkpoints, runLedgerCheckpoints({ ...polecats, report }));
  actors.push(beats, runDrain({ ...polecats, terms }, report));
  if (parts.salvage) actors.push(collectSalvage(around, parts, { terms, git: parts.salvage }));
  actors.push(watchStanding({ clock, signal, report, trouble, told: tellStanding(log) }));
  const ended = Promise.all(actors.map((each) => each.ended));
  return { ring, trouble: supervisor.trouble, terms, ended };
}

function tellStanding(log: Log): (trouble: string | undefined) => void {
  return (trouble) => {
    if (trouble === undefined) log.info("takes new work again");
    else log.warn({ why: trouble }, "takes nothing new, and finishes what it has");
  };
}

function refineryPorts({ clock, log }: Surroundings, parts: MachineParts, terms: Terms) {
  const { polecats, code, test, gateDir } = parts;
  const ports: RefineryPorts = {
    ledger: polecats.ledger,
    terms,
    nowMs: clock.nowMs,
    code,
    test,
    gateDir,
    tell: (news) => log.info(news, news.event),
  };
  return ports;
}

function collectSalvage(
  { config, clock, log, signal }: Surroundings,
  { polecats, clone }: MachineParts,
  own: { readonly terms: Terms; readonly git: SalvageGit },
): Actor {
  return runSalvage({
    ...own,
    ledger: polecats.ledger,
    clone,
    ageMs: config.salvageDays * 86_400_000,
    clock,
    signal,
    report: reporter(log),
    tell: (collected) => log.info(collected, "left work is needed no more: removed at the remote"),
  });
}

function governRigs(
  { config, clock, log, signal }: Surroundings,
  { polecats, peers, clone, git }: MachineParts,
  own: Pick<Parameters<typeof runAuthority>[0], "terms" | "reconcile">,
): Actor {
  const { machine, graceMs, lostAfterMs, brakeShare } = config;
  const limits = { graceMs, lostAfterMs, brakeShare };
  const { world } = polecats.ledger;
  const fleet = watchFleet({ world, peers, clock, limits, self: machine });
  // Without the bus a machine is heard when it writes, which an idle one does rarely.
  const silentMs = () =>
    fleet.isDeaf() ? fleet.limits.brakeMaxFactor * lostAfterMs : machineSilentMs;
  return runAuthority({
    ...own,
    machine,
    git,
    fleet,
    ledger: polecats.ledger,
    clone,
    clock,
    signal,
    report: reporter(log),
    isTownHeard: () => isTownAtWork(peers, Math.min(townSilentMs, lostAfterMs)),
    isHeard: (other) => other === machine || peers.isHeard(other, silentMs()),
    took: ({ rig, term }) => log.info({ rig, term }, "took the authority"),
  });
}

/** A town whose heart beats on while its loop stands still neither places nor appoints. */
function isTownAtWork(peers: Peers, withinMs: number): boolean {
  const lagMs = peers.of(townMachine)?.beat?.loopLagMs ?? 0;
  return lagMs < withinMs && peers.isHeard(townMachine, withinMs);
}

function runBeats(
  config: RigAgentConfig,
  startHeart: StartHeart,
  own: {
    readonly ledger: Ledger;
    readonly terms: Terms;
    readonly polecats: () => readonly PolecatBeat[];
    readonly wire: number;
    readonly report: (error: unknown, actor: string) => void;
  },
): Actor {
  const { ledger, terms, polecats, wire, report } = own;
  return startHeart({
    report,
    everyMs: config.heartbeatMs,
    body: () => {
      const head = ledger.heads().get(ledger.writer);
      return {
        machine: config.machine,
        incarnation: ledger.writer,
        version,
        wire,
        polecatsMax: config.polecatsMax,
        heads: head ? { [ledger.writer]: [head.seq, head.hash] } : {},
        authorities: terms.all().map(({ rig, term }) => ({ rig, term })),
        polecats: [...polecats()],
      };
    },
  });
}

/** A round that failed is a line in the log; the next one comes. */
export function reporter(log: Log): (error: unknown, actor: string) => void {
  return (error, actor) => log.warn({ err: error, actor }, "round failed");
}
