import type { LedgerGit } from "#services/ledger/ledger-git.ts";
import { openWisps } from "#services/ledger/wisp-store.ts";
import type { Recipe } from "#services/molecules/library.ts";
import type { Runtime } from "#services/runtime/runtime.ts";
import { heartInThread } from "#services/telemetry/heartbeat.ts";
import { RigAgentConfig } from "../../rig-agent/config.ts";
import { enrol } from "../../rig-agent/enrol.ts";
import {
  keepCompany,
  type MachineParts,
  type RunningMachine,
  runMachine,
} from "../../rig-agent/machine.ts";
import { type MemoryPolecatGit, memoryPolecatGit } from "../../rig-agent/polecat/git-memory.ts";
import { clonePath } from "../../rig-agent/polecat/places.ts";
import type { PolecatPorts } from "../../rig-agent/polecat/ports.ts";
import { codeOver } from "../../rig-agent/refinery/git-code.ts";
import { type Base, bootBase, type Ground, ledgerUrl } from "./boot.ts";
import type { Host } from "./host.ts";
import { openSimLedgerGit } from "./sim-ledger-git.ts";
import { openSimSessions } from "./sim-sessions.ts";

/** What a simulated machine is started with. */
export type MachineSettings = {
  readonly polecatsMax: number;
  readonly graceMs: number;
  readonly lostAfterMs: number;
  readonly brakeShare: number;
  readonly recipe: Recipe;
  /** Runs the machine's workers; they outlive the process that started them. */
  readonly runtime: (base: Base) => Runtime;
  readonly test: (base: Base) => MachineParts["test"];
  readonly ledgerGit?: (git: LedgerGit) => LedgerGit;
  /** Told of a machine that runs: its workers may call it. */
  readonly serves?: (machine: SimMachine) => void;
  /** Takes a protection away, or watches what goes through; the ports as they are, if absent. */
  readonly wrap?: (ports: SimHands, base: Base) => SimHands;
};

/** Those of a machine's hands that a run may put something between. */
export type SimHands = {
  readonly polecatGit: MemoryPolecatGit;
  readonly code: MachineParts["code"];
  readonly git: Base["git"];
  readonly ledger: Base["ledger"];
};

/** A rig-agent at work in a simulated world. */
export type SimMachine = {
  readonly host: Host;
  readonly base: Base;
  readonly polecats: PolecatPorts;
  readonly polecatGit: MemoryPolecatGit;
  readonly running: RunningMachine;
};

/** Start a rig-agent on a host's disk; resolves once it has caught up, if it lives to see that. */
export async function bootMachine(
  ground: Ground,
  host: Host,
  settings: MachineSettings,
): Promise<SimMachine> {
  const base = await bootBase(ground, host);
  const { clock, signal, bus, random, log } = base;
  const home = `/${host.name}`;
  const config = RigAgentConfig.parse({ machine: host.name, home, ...timesOf(settings) });
  const bare = memoryPolecatGit({ disk: host.git, git: base.git, nowMs: clock.nowMs });
  const plain = { polecatGit: bare, code: codeOver(base.git), git: base.git, ledger: base.ledger };
  const hands = settings.wrap?.(plain, base) ?? plain;
  const { ledger, git, code, polecatGit } = hands;
  const wisps = await openWisps({
    ...{ dir: "/wisp", machine: host.name, disk: host.files, nowMs: clock.nowMs },
    random: (length) => random.base36(length),
  });
  const around = { town: ground.townName, config, bus, clock, log, signal };
  const ledgerGit = openSimLedgerGit({
    ...{ git: base.git, disk: host.git, dir: `${home}/ledger.git`, remote: ledgerUrl },
    ...{ branch: `machines/${host.name}`, machine: host.name, nowMs: clock.nowMs },
    ...{ turns: ledger.writer, isKeeper: true },
  });
  const company = await keepCompany(around, {
    ledger,
    git: settings.ledgerGit?.(ledgerGit) ?? ledgerGit,
  });
  await company.sync.caughtUp;
  await enrol(ledger, config, host.wire);
  const polecats: PolecatPorts = {
    ...{ machine: host.name, home, ledger, clock, signal, git: polecatGit },
    sessions: openSimSessions(host.sessions),
    runtime: settings.runtime(base),
    output: outputOf(host),
    signs: async ({ name, worktree }) =>
      ["output", "commit"].flatMap((what) => {
        const atMs = host.signs.get(`${what} ${what === "output" ? name : worktree}`);
        return atMs === undefined ? [] : [{ what, atMs }];
      }),
    recipe: async () => settings.recipe,
    program: () => ({ argv: ["worker"] }),
    environment: ({ name }) => ({ GT_SESSION: `${home}/sessions/${name}` }),
    equip: async () => {},
    newToken: () => random.base36(16),
  };
  const heart = heartInThread({ bus, town: ground.townName, clock, signal, loopLagMs: () => 0 });
  const clone: MachineParts["clone"] = async ({ name, remote }, until) => {
    const repoDir = clonePath(home, name);
    await git.ensureClone(remote, repoDir, { signal: until });
    return repoDir;
  };
  const gateDir = (rig: string) => `${home}/rigs/${rig}/refinery`;
  const parts = { ...company, polecats, wisps, code, git, test: settings.test(base), gateDir };
  const spoken = host.wire === undefined ? {} : { wire: host.wire };
  const running = runMachine(around, { ...parts, ...spoken, clone, heart });
  const machine = { host, base, polecats, polecatGit, running };
  settings.serves?.(machine);
  return machine;
}

function timesOf({ polecatsMax, graceMs, lostAfterMs, brakeShare }: MachineSettings) {
  return { polecatsMax, graceMs, lostAfterMs, brakeShare };
}

function outputOf(host: Host): PolecatPorts["output"] {
  const linesOf = (session: string) => host.outputs.get(session) ?? [];
  return {
    tail: async (session, linesMax) => linesOf(session).slice(-linesMax),
    page: async (session, fromByte) => {
      return { lines: linesOf(session).slice(fromByte), nextByte: linesOf(session).length };
    },
    end: async (session) => linesOf(session).length,
    cap: async (session) => {
      const lines = host.outputs.get(session);
      if (lines && lines.length > 1_000) lines.splice(0, lines.length - 500);
    },
  };
}
