import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerAsks } from "#services/api/agent/ask.ts";
import type { Bus } from "#services/bus/bus.ts";
import { townMachine } from "#services/bus/subjects.ts";
import { version, wireVersion } from "#services/config/version.ts";
import { ensureClone } from "#services/git/bare-clone.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { writerMachine } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import { mendHome } from "#services/ledger/mend-home.ts";
import { readMarks } from "#services/ledger/read-marks.ts";
import { checkpointFile, runLedgerCheckpoints } from "#services/ledger/run-checkpoints.ts";
import { type LedgerSync, runSync } from "#services/ledger/sync.ts";
import { watchAlarms } from "#services/ledger/watch-alarms.ts";
import { openWisps, type WispStore } from "#services/ledger/wisp-store.ts";
import type { Actor } from "#services/lifecycle/actor.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import { loadRecipe, polecatWork } from "#services/molecules/library.ts";
import { processAdapter } from "#services/runtime/process-adapter.ts";
import type { PolecatBeat } from "#services/telemetry/beat.ts";
import { runHeartbeat } from "#services/telemetry/heartbeat.ts";
import type { Logger } from "#services/telemetry/log.ts";
import { listenToPeers, type Peers } from "#services/telemetry/peers.ts";
import { tellChanges } from "#services/telemetry/tell-changes.ts";
import { runAuthority } from "./authority/run-authority.ts";
import { Terms } from "./authority/terms.ts";
import type { RigAgentConfig } from "./config.ts";
import { enrol } from "./enrol.ts";
import { serveLocally } from "./local-api/serve.ts";
import type { Membership } from "./membership.ts";
import { bundleGt } from "./polecat/bundle-gt.ts";
import { runCheckpoints } from "./polecat/checkpoint.ts";
import { equip, sessionEnvironment } from "./polecat/environment.ts";
import { polecatGit } from "./polecat/git.ts";
import { clonePath } from "./polecat/places.ts";
import type { PolecatPorts } from "./polecat/ports.ts";
import { programOf } from "./polecat/program.ts";
import { openSessions } from "./polecat/sessions.ts";
import { answerFor, observe } from "./polecat/status.ts";
import { polecatLimits, startSupervisor } from "./polecat/supervisor.ts";
import { gateBench } from "./refinery/gate-bench.ts";
import { gitCode } from "./refinery/git-code.ts";
import { startRefinery } from "./refinery/refinery.ts";
import { refuseWork } from "./refuse-work.ts";
import { patrolLimits } from "./witness/judge.ts";
import { runVapour } from "./witness/vapour.ts";
import { startWitness } from "./witness/witness.ts";

/** What a rig-agent is started with, beside its settings. */
export type RigAgentParts = {
  readonly member: Membership;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/** A running rig-agent. */
export type RigAgent = {
  /** Where the local API answers. */
  readonly socket: string;
  /** Resolves when every loop has ended. Polecats go on, and are adopted by the next start. */
  readonly ended: Promise<void>;
};

type Report = (error: unknown, actor: string) => void;

/** After this long without a sign of the town, the authority plans for its own rigs. */
const townSilentMs = 30_000;
const machineSilentMs = 15_000;
const stopMs = 5_000;
const root = fileURLToPath(new URL("..", import.meta.url));

/** Start a rig-agent: its ledger, its authorities, its polecats, its local API. */
export async function startRigAgent(
  config: RigAgentConfig,
  parts: RigAgentParts,
): Promise<RigAgent> {
  const { member, bus, log } = parts;
  const { home, machine } = config;
  await mkdir(home, { recursive: true });
  const release = await ownHome(home);
  const report: Report = (error, actor) => log.warn({ err: error, actor }, "round failed");
  const ledgers = await openLedgers(config, parts);
  const { ledger } = ledgers;
  const sync = await syncMachine(config, parts, ledger, report);
  const peers = peersOf(parts, ledger, sync);
  await sync.caughtUp;
  await enrol(ledger, config);
  const polecats = await polecatPorts(config, parts, ledger);
  const answers = answerFor(polecats);
  await mkdir(dirname(member.socket), { recursive: true, mode: 0o700 });
  const bell = { ring: () => {} };
  const shared = { member, home, bus, log, ledger, sync, peers, polecats, answers };
  const server = await serveLocally({ ...shared, ring: () => bell.ring() });
  const actors = runActors({ config, parts, polecats, peers, wisps: ledgers.wisps, report });
  bell.ring = actors.ring;
  const stopAnswers = answerAsks(bus, member.town, machine, answers);
  tellChanges(ledger, log);
  log.info({ socket: server.address, writer: ledger.writer }, "rig-agent serves");
  const stopped = async (): Promise<void> => {
    await actors.ended;
    stopAnswers();
    await server.drain(stopMs);
    await sync.ended;
    await sync.flush(AbortSignal.timeout(stopMs)).catch((error) => report(error, "last push"));
    await Promise.all([ledger.close(), ledgers.wisps.close()]);
    await release();
    log.info("rig-agent stopped");
  };
  const socket = member.socket;
  return { socket, ended: stopped() };
}

async function openLedgers(
  { home, machine }: RigAgentConfig,
  { clock, log }: RigAgentParts,
): Promise<{ ledger: Ledger; wisps: WispStore }> {
  const shared = { machine, disk: nodeDisk, nowMs: clock.nowMs };
  const files = { dir: join(home, "journal"), store: join(home, checkpointFile) };
  const mended = await mendHome({ disk: nodeDisk, home, machine });
  const ledger = await openLedger({ ...shared, ...files });
  for (const alarm of mended) ledger.alarm(alarm);
  const wisps = await openWisps({ ...shared, dir: join(home, "wisp") });
  for (const each of [ledger, wisps]) watchAlarms(each, log);
  return { ledger, wisps };
}

function syncMachine(
  { home, machine }: RigAgentConfig,
  { member, bus, clock, log, signal }: RigAgentParts,
  ledger: Ledger,
  report: Report,
): Promise<LedgerSync> {
  bus.onError((error) => log.warn({ err: error }, "bus"));
  bus.onLink((up) => log.info({ up }, up ? "bus is up" : "bus is down: over git, slower"));
  const git = openLedgerGit({
    dir: join(home, "ledger.git"),
    remote: member.ledgerRemote,
    branch: `machines/${machine}`,
    machine,
    isKeeper: true,
    seen: readMarks(ledger).seen(),
  });
  const onRemoteBack = () => log.info("the ledger remote answers again");
  const shared = { ledger, git, bus, clock, signal, report, onRemoteBack };
  return runSync({ town: member.town, ...shared });
}

function peersOf({ member, bus, clock, signal }: RigAgentParts, ledger: Ledger, sync: LedgerSync) {
  const peers = listenToPeers({
    bus,
    town: member.town,
    clock,
    signal,
    onBeat: ({ heads }) => {
      for (const [writer, [seq, hash]] of Object.entries(heads)) sync.heard(writer, { seq, hash });
    },
  });
  ledger.onChange(({ event }) => peers.heardEvent(writerMachine(event.writer), event.clock[0]));
  return peers;
}

async function polecatPorts(
  { home, machine }: RigAgentConfig,
  { member, clock, log, signal }: RigAgentParts,
  ledger: Ledger,
): Promise<PolecatPorts> {
  const gt = await bundleGt(root, home);
  const around = { home, socket: member.socket, gt, inherited: process.env };
  return {
    machine,
    home,
    ledger,
    clock,
    sessions: await openSessions(home, (error, path) => log.warn({ err: error, path }, "session")),
    runtime: processAdapter({ clock }),
    git: polecatGit,
    recipe: () => loadRecipe(polecatWork),
    program: (work) => programOf(ledger.world, work),
    environment: (session) => sessionEnvironment(session, around),
    equip: (session) => equip(session, around),
    newToken: () => randomBytes(24).toString("base64url"),
    signal,
  };
}

function runActors(options: {
  readonly config: RigAgentConfig;
  readonly parts: RigAgentParts;
  readonly polecats: PolecatPorts;
  readonly peers: Peers;
  readonly wisps: WispStore;
  readonly report: Report;
}): { ring: () => void; ended: Promise<unknown> } {
  const { config, parts, polecats, peers, wisps, report } = options;
  const { clock, log, signal } = parts;
  const { home, machine } = config;
  const { ledger } = polecats;
  const idOf = (uid: string) => ledger.world.bead(uid)?.id ?? uid;
  const terms = new Terms();
  const refinery = startRefinery(
    {
      ledger,
      terms,
      nowMs: clock.nowMs,
      code: gitCode,
      test: gateBench(clock),
      gateDir: (rig) => join(home, "rigs", rig, "refinery"),
      tell: (news) => log.info(news, news.event),
    },
    { clock, signal, report },
  );
  const authority = runAuthority({
    clone: async (rig, until) => {
      const repoDir = clonePath(home, rig.name);
      await ensureClone(rig.remote, repoDir, { signal: until });
      return repoDir;
    },
    machine,
    ledger,
    terms,
    clock,
    signal,
    report,
    reconcile: refinery.reconcile,
    isTownHeard: () => peers.isHeard(townMachine, townSilentMs),
    isHeard: (other) => other === machine || peers.isHeard(other, machineSilentMs),
    took: ({ rig, term }) => log.info({ rig, term }, "took the authority"),
  });
  const supervisor = startSupervisor({
    ports: polecats,
    limits: { ...polecatLimits, polecatsMax: config.polecatsMax },
    refusal: refuseWork(ledger.world, machine),
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
  const beats = runBeats({ config, parts, ledger, terms, polecats: observer.polecats, report });
  const ring = () => {
    supervisor.ring();
    witness.ring();
    refinery.ring();
  };
  const actors: { ended: Promise<unknown> }[] = [refinery, authority, supervisor, witness];
  const ledgerCheckpoints = runLedgerCheckpoints({ ...polecats, report });
  actors.push(vapour, observer.actor, checkpoints, ledgerCheckpoints, beats);
  return { ring, ended: Promise.all(actors.map(({ ended }) => ended)) };
}

function runBeats(options: {
  readonly config: RigAgentConfig;
  readonly parts: RigAgentParts;
  readonly ledger: Ledger;
  readonly terms: Terms;
  readonly polecats: () => readonly PolecatBeat[];
  readonly report: Report;
}): Actor {
  const { config, parts, ledger, terms, polecats, report } = options;
  const { member, bus, clock, signal } = parts;
  return runHeartbeat({
    bus,
    town: member.town,
    clock,
    signal,
    report,
    everyMs: config.heartbeatMs,
    beat: () => {
      const head = ledger.heads().get(ledger.writer);
      return {
        machine: config.machine,
        incarnation: ledger.writer,
        version,
        wire: wireVersion,
        polecatsMax: config.polecatsMax,
        heads: head ? { [ledger.writer]: [head.seq, head.hash] } : {},
        authorities: terms.all().map(({ rig, term }) => ({ rig, term })),
        polecats: [...polecats()],
      };
    },
  });
}
