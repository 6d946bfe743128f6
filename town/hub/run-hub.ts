import { join } from "node:path";
import type { Bus } from "#services/bus/bus.ts";
import { townMachine } from "#services/bus/subjects.ts";
import { trackingRef } from "#services/git/fetch-remote.ts";
import { findRef } from "#services/git/ref-files.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { openLedgerGit } from "#services/ledger/ledger-git.ts";
import { readMarks } from "#services/ledger/read-marks.ts";
import { type LedgerSync, runSync, type SyncPace } from "#services/ledger/sync.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { hubAddition } from "./hub.ts";
import { editImporter } from "./import-edits.ts";
import { openTownTerm, type TownTerm, townRef } from "./town-term.ts";

/** What the hub of the ledger is run with. */
export type HubOptions = {
  readonly home: string;
  readonly town: string;
  readonly ledgerRemote: string;
  readonly ledger: Ledger;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (error: unknown, actor: string) => void;
  readonly onRemoteBack: () => void;
  readonly pace?: SyncPace;
  readonly timeoutMs?: number;
};

/** The running hub. */
export type Hub = {
  readonly sync: LedgerSync;
  readonly term: TownTerm;
  /**
   * The ledger as the town's actors and callers write it: refused with `stale` once another town
   * has taken over, since two that decide are worse than one that waits.
   */
  readonly ledger: Ledger;
};

/** Where a town that was deposed leaves what it had written before it learned of that. */
export function deposedBranch(writer: string): string {
  return `towns/${writer.slice(writer.indexOf(".") + 1)}`;
}

/** Run the town's side of the ledger: everyone's branches into `main`, under the town's term. */
export async function runHub(options: HubOptions): Promise<Hub> {
  const { home, ledgerRemote, ledger, clock, pace, timeoutMs, ...parts } = options;
  const dir = join(home, "ledger.git");
  let fenced = "";
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  const term = openTownTerm({
    dir,
    holder: ledger.writer,
    onFenced: (why) => {
      fenced = why;
      ledger.alarm({ kind: "fenced", detail: why });
    },
    onPlain: (why) => parts.report(new TownError("denied", why), "town-term"),
    ...limits,
  });
  const isFenced = () => term.isFenced();
  const git = openLedgerGit({
    dir,
    remote: ledgerRemote,
    branch: () => (isFenced() ? deposedBranch(ledger.writer) : "main"),
    machine: townMachine,
    fence: term,
    isKeeper: true,
    seen: readMarks(ledger).seen(),
    ...limits,
  });
  const importEdits = editImporter({ ledger, dir });
  const more = hubAddition({
    ...{ ledger, dir, nowMs: clock.nowMs, isFenced, importEdits },
    report: (error) => parts.report(error, "archive"),
  });
  let looked = "";
  const onFetched = async (signal: AbortSignal) => {
    const [main, refs] = await readRefs(dir);
    if (refs === looked) return;
    await term.look();
    if (main !== undefined && !isFenced()) await importEdits(main, signal);
    looked = refs;
  };
  const shared = { ledger, git, clock, more, onFetched, ...(pace && { pace }) };
  const sync = await runSync({ ...parts, ...shared });
  const append: Ledger["append"] = async (actor, drafts) => {
    if (isFenced()) throw new TownError("stale", fenced);
    return ledger.append(actor, drafts);
  };
  return { sync, term, ledger: { ...ledger, append } };
}

/** Where `main` stands, and that with the town's term as one text that changes with either. */
async function readRefs(dir: string): Promise<[main: string | undefined, both: string]> {
  const refs = ["refs/heads/main", townRef].map(trackingRef);
  const [main, term] = await Promise.all(refs.map((ref) => findRef(dir, ref)));
  return [main, `${main} ${term}`];
}
