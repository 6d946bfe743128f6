import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { answerAsks } from "#services/api/agent/ask.ts";
import type { Bus } from "#services/bus/bus.ts";
import { wireVersion } from "#services/config/version.ts";
import { ensureClone } from "#services/git/bare-clone.ts";
import { salvageGit } from "#services/git/salvage.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import { mendHome } from "#services/ledger/mend-home.ts";
import { readMarks } from "#services/ledger/read-marks.ts";
import { checkpointFile } from "#services/ledger/run-checkpoints.ts";
import { watchAlarms } from "#services/ledger/watch-alarms.ts";
import { openWisps, type WispStore } from "#services/ledger/wisp-store.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import { loadRecipe, polecatWork } from "#services/molecules/library.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { processAdapter } from "#services/runtime/process-adapter.ts";
import { openHeart } from "#services/telemetry/heart.ts";
import type { Logger } from "#services/telemetry/log.ts";
import { tellChanges } from "#services/telemetry/tell-changes.ts";
import type { RigAgentConfig } from "./config.ts";
import { enrol } from "./enrol.ts";
import { serveLocally } from "./local-api/serve.ts";
import { keepCompany, type MachineParts, reporter, runMachine } from "./machine.ts";
import type { Membership } from "./membership.ts";
import { bundleGt } from "./polecat/bundle-gt.ts";
import { equip, sessionEnvironment } from "./polecat/environment.ts";
import { polecatGit } from "./polecat/git.ts";
import { clonePath } from "./polecat/places.ts";
import type { PolecatPorts } from "./polecat/ports.ts";
import { programOf } from "./polecat/program.ts";
import { sessionFiles } from "./polecat/session-files.ts";
import { openSessions } from "./polecat/sessions.ts";
import { answerFor } from "./polecat/status.ts";
import { gateBench } from "./refinery/gate-bench.ts";
import { gitCode } from "./refinery/git-code.ts";
import { supersession, watchSupersession } from "./superseded.ts";

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
  /**
   * Resolves when every loop has ended. Polecats go on, and are adopted by the next start. Rejects
   * with a TownError `state` where it ended because another home has this machine's name.
   */
  readonly ended: Promise<void>;
};

const stopMs = 5_000;
const root = fileURLToPath(new URL("..", import.meta.url));

/** Start a rig-agent: its ledger, its authorities, its polecats, its local API. */
export async function startRigAgent(
  config: RigAgentConfig,
  given: RigAgentParts,
): Promise<RigAgent> {
  const own = new AbortController();
  const signal = AbortSignal.any([given.signal, own.signal]);
  setMaxListeners(0, signal); // Every loop listens.
  const parts = { ...given, signal };
  const { member, bus, clock, log } = parts;
  const { home, machine } = config;
  await mkdir(home, { recursive: true });
  const release = await ownHome(home);
  const ledgers = await openLedgers(config, parts);
  const { ledger, wisps } = ledgers;
  const around = { town: member.town, config, bus, clock, log, signal };
  const company = await keepCompany(around, { ledger, git: machineGit(config, member, ledger) });
  const { sync, peers } = company;
  await sync.caughtUp;
  checkPlace(member, ledger);
  let superseded: TownError | undefined;
  const polecats = await polecatPorts(config, parts, ledger);
  const answers = answerFor(polecats);
  await mkdir(dirname(member.socket), { recursive: true, mode: 0o700 });
  const bell = { ring: () => {} };
  const shared = { member, home, bus, log, ledger, sync, peers, polecats, answers };
  const server = await serveLocally({ ...shared, ring: () => bell.ring() });
  // Right before the first beat: one that is enrolled and not heard would be taken for lost.
  await takePlace(config, parts, ledger);
  const { natsUrl, town } = member;
  const heart = openHeart({ natsUrl, bus, town, name: machine, clock, signal });
  const hands = {
    code: gitCode,
    test: gateBench(clock),
    heart,
    ...places(home),
    salvage: salvageGit,
  };
  const running = runMachine(around, { ...company, polecats, wisps, ...hands });
  bell.ring = running.ring;
  const stopAnswers = answerAsks(bus, member.town, machine, answers);
  tellChanges(ledger, log);
  watchSupersession(ledger, member, (why) => {
    superseded = why;
    log.warn(why.message);
    own.abort();
  });
  log.info({ socket: server.address, writer: ledger.writer }, "rig-agent serves");
  const stopped = async (): Promise<void> => {
    await running.ended;
    stopAnswers();
    await server.drain(stopMs);
    await sync.ended;
    const flushed = sync.flush(AbortSignal.timeout(stopMs));
    await flushed.catch((error) => reporter(log)(error, "last push"));
    await Promise.all([ledger.close(), wisps.close()]);
    await release();
    log.info("rig-agent stopped");
    if (superseded) throw superseded;
  };
  const ended = stopped();
  ended.catch(() => {}); // Whoever started it may not wait for its end yet.
  return { socket: member.socket, ended };
}

/** With the town away the ledger says whether it let another home in by this machine's name. */
function checkPlace(member: Membership, { world }: Ledger): void {
  const why = member.isLetIn ? undefined : supersession(world, member);
  if (why !== undefined) throw new TownError("state", why);
}

/** Be this machine, for all to see. */
async function takePlace(
  config: RigAgentConfig,
  { member, log }: RigAgentParts,
  ledger: Ledger,
): Promise<void> {
  checkPlace(member, ledger);
  const isBack = await enrol(ledger, config, wireVersion, member.identity);
  if (isBack) log.info(`${config.machine} had been given up for good, and is a member again`);
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

function machineGit({ home, machine }: RigAgentConfig, member: Membership, ledger: Ledger) {
  return openLedgerGit({
    dir: join(home, "ledger.git"),
    remote: member.ledgerRemote,
    branch: `machines/${machine}`,
    machine,
    isKeeper: true,
    seen: readMarks(ledger).seen(),
  });
}

/** Where a machine's home has what belongs to a rig. */
function places(home: string): Pick<MachineParts, "gateDir" | "clone"> {
  return {
    gateDir: (rig) => join(home, "rigs", rig, "refinery"),
    clone: async ({ name, remote }, signal) => {
      const repoDir = clonePath(home, name);
      await ensureClone(remote, repoDir, { signal });
      return repoDir;
    },
  };
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
    ...sessionFiles(home),
    recipe: () => loadRecipe(polecatWork),
    program: (work) => programOf(ledger.world, work),
    environment: (session) => sessionEnvironment(session, around),
    equip: (session) => equip(session, around),
    newToken: () => randomBytes(24).toString("base64url"),
    signal,
  };
}
