import { rename } from "node:fs/promises";
import { scratchRemote } from "#services/git/scratch-remote.ts";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { ManualClock } from "#services/lifecycle/clock.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { fleetLimits } from "#services/telemetry/judge-fleet.ts";
import { gitCode } from "../refinery/git-code.ts";
import { reconcileChain } from "../refinery/reconcile.ts";
import { authorityRound } from "./run-authority.ts";
import { Terms } from "./terms.ts";

/** One machine of a scratch fleet: its ledger, its terms, its authority's rounds. */
export type ScratchMachine = {
  readonly name: string;
  readonly ledger: Ledger;
  readonly terms: Terms;
  readonly round: () => Promise<void>;
  readonly repoDir: string;
  /** What its rounds failed with, since it was asked last. */
  readonly failures: () => string[];
  /** The process ends and another one starts on the same disk. */
  readonly restart: () => Promise<ScratchMachine>;
};

/** Two machines that serve the rig `alpha` on a real remote, for tests. */
export async function scratchFleet(rig: Readonly<Record<string, string | number>> = {}) {
  const scratch = await scratchRemote();
  const clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
  /** What each of them hears. */
  const heard = { town: true, deaf: false, lost: new Set<string>() };
  const web = newWeb();
  const limits = { ...fleetLimits };

  const open = (name: string, disk: MemoryDisk) =>
    openLedger({ dir: "/j", machine: name, disk, nowMs: clock.nowMs });
  const start = async (name: string, disk = new MemoryDisk()): Promise<ScratchMachine> => {
    const ledger = await open(name, disk);
    const repoDir = await scratch.clone(name);
    const terms = new Terms();
    const failures: string[] = [];
    const tell = () => {};
    const round = authorityRound(
      {
        machine: name,
        ledger,
        clone: async () => repoDir,
        terms,
        clock,
        signal: new AbortController().signal,
        reconcile: async (term) => {
          const seen = await reconcileChain({ ledger, code: gitCode, tell }, term);
          if (seen.kind === "fenced") throw new TownError("stale", seen.why);
        },
        isTownHeard: () => heard.town,
        isHeard: (other) => !heard.lost.has(other),
        fleet: {
          limits,
          verdict: () => {
            const loss = { sinceMs: clock.nowMs(), why: "silent" };
            const lost = [...heard.lost].filter((each) => each !== name);
            return { lost: new Map(lost.map((each) => [each, loss])), braked: [] };
          },
          isDeaf: () => heard.deaf,
          silentMs: (other) => (heard.lost.has(other) ? Number.POSITIVE_INFINITY : 0),
        },
        report: (error) => failures.push(error instanceof Error ? error.message : String(error)),
        took: () => {},
      },
      () => {},
    );
    web.connect(name, ledger);
    const restart = async () => {
      await ledger.close();
      return start(name, disk);
    };
    return { name, ledger, terms, round, repoDir, failures: () => failures.splice(0), restart };
  };
  const [a, b] = [await start("vm-a"), await start("vm-b")];
  await a.ledger.append("overseer", [rigDraft(scratch.remote, rig), ...["vm-a", "vm-b"].map(host)]);
  const away = `${scratch.remote}.away`;
  return {
    ...scratch,
    clock,
    heard,
    limits,
    a,
    b,
    cut: web.cut,
    heal: web.heal,
    takeAway: () => rename(scratch.remote, away),
    bringBack: () => rename(away, scratch.remote),
  };
}

/** Between ledgers everything arrives at once, but for those that are cut off. */
function newWeb() {
  const ledgers = new Map<string, Ledger>();
  const cut = new Set<string>();
  const heal = (name: string) => {
    cut.delete(name);
    const all = [...ledgers.values()].flatMap((each) => [...each.log()].map(({ line }) => line));
    for (const each of ledgers.values()) each.receive(all, "git");
  };
  const connect = (name: string, ledger: Ledger) => {
    ledgers.set(name, ledger);
    ledger.onChange(({ event }) => {
      for (const [other, theirs] of ledgers) {
        if (other !== name && !cut.has(name) && !cut.has(other)) theirs.receive([event.line], name);
      }
    });
    if (!cut.has(name)) heal(name);
  };
  return { connect, heal, cut: (name: string) => void cut.add(name) };
}

function rigDraft(remote: string, more: Readonly<Record<string, string | number>>) {
  const rig = { name: "alpha", prefix: "al", remote, target: "main", ...more };
  const fields = { "gt.rig": rig, "gt.appointed": { machine: "vm-a", term: 0 } };
  const at = { uid: "rig", id: "hq-rig-alpha", title: "alpha", issueType: "rig" };
  return createBead({ ...at, fields });
}

function host(name: string) {
  const fields = { "gt.machine": { name, polecatsMax: 4 } };
  return createBead({ uid: name, id: `hq-${name}`, title: name, issueType: "machine", fields });
}
