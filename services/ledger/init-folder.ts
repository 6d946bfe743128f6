import { existsSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { withoutSecrets } from "#services/git/git-failure.ts";
import { runGit } from "#services/git/run-git.ts";
import { ownHome } from "#services/lifecycle/own-home.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { diskError } from "./disk-error.ts";
import { nodeDisk } from "./disk-node.ts";
import { writerMachine } from "./event.ts";
import {
  type FolderSettings,
  MachineName,
  Prefix,
  readSettings,
  writeSettings,
} from "./folder-settings.ts";
import { findHome, refuseFile } from "./open-folder.ts";
import { readJournal } from "./read-folder.ts";

/** What a folder's ledger is to be; what is left out is chosen, or stays as it is. */
export type Wanted = Partial<FolderSettings>;

/** What became of a folder. */
export type Initialised = {
  readonly settings: FolderSettings;
  /** `same`: it was so already. */
  readonly outcome: "made" | "completed" | "same";
};

const askTimeoutMs = 30_000;

/**
 * Let a folder keep a ledger of its own. What it has already stays; doing it twice is doing it
 * once.
 *
 * @param invent a name for the writer, where neither the caller nor the journal says one
 * @throws TownError `invalid` for a bad name; `state` where it is a ledger of another name, or a
 *   home; `unavailable` and the like where the remote does not answer. Then nothing has changed
 */
export async function initFolder(
  dir: string,
  wanted: Wanted,
  invent: () => string,
  signal: AbortSignal,
): Promise<Initialised> {
  check(wanted);
  await refuseFile(dir);
  const held = await readSettings(dir);
  const home = held ? undefined : await findHome(dir);
  if (home) {
    const what = `${home.dir} is the home of ${home.kind === "town" ? "a town" : home.machine}`;
    throw new TownError("state", `${what}: it keeps a ledger already, and needs no init`);
  }
  if (held) return complete(dir, held, wanted, signal);
  const machine = await nameFor(dir, wanted.machine, invent);
  if (wanted.remote !== undefined) await askRemote(wanted.remote, signal);
  const settings = { machine, ...given(wanted) };
  await make(dir, settings);
  return { settings, outcome: "made" };
}

function check({ machine, prefix, remote }: Wanted): void {
  const bad = (what: string, value: string, why: string) => {
    return new TownError("invalid", `not a ${what}: ${JSON.stringify(value)} (${why})`);
  };
  const named = MachineName.safeParse(machine ?? "a");
  if (!named.success) throw bad("machine's name", machine ?? "", said(named.error));
  const prefixed = Prefix.safeParse(prefix ?? "a");
  if (!prefixed.success) throw bad("prefix", prefix ?? "", said(prefixed.error));
  if (remote === "") throw bad("remote", remote, "a git URL, or the path of a repository");
}

function said({ issues }: { readonly issues: readonly { readonly message: string }[] }): string {
  return issues.map(({ message }) => message).join("; ");
}

function given({ prefix, remote }: Wanted): Omit<FolderSettings, "machine"> {
  return { ...(prefix !== undefined && { prefix }), ...(remote !== undefined && { remote }) };
}

async function complete(
  dir: string,
  held: FolderSettings,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Initialised> {
  for (const name of ["machine", "prefix", "remote"] as const) {
    const [before, now] = [held[name], wanted[name]];
    if (now === undefined || before === undefined || before === now) continue;
    const is = `${dir} is a ledger already, and its ${name} is ${withoutSecrets(before)}`;
    const remedy = "use another folder, or change its ledger.json by hand if you mean it";
    throw new TownError("state", `${is}, not ${withoutSecrets(now)}: ${remedy}`);
  }
  const settings = { ...held, ...given(wanted) };
  const isSame = settings.prefix === held.prefix && settings.remote === held.remote;
  if (isSame) return { settings: held, outcome: "same" };
  if (settings.remote !== undefined && held.remote === undefined) {
    await askRemote(settings.remote, signal);
  }
  await writeOwned(dir, settings);
  return { settings, outcome: "completed" };
}

/** A journal that is there already was written under a name, and keeps it. */
async function nameFor(
  dir: string,
  told: string | undefined,
  invent: () => string,
): Promise<string> {
  const journal = existsSync(dir) ? await readJournal(nodeDisk, join(dir, "journal")) : [];
  const [before] = journal.map(({ incarnation }) => writerMachine(incarnation));
  if (before === undefined) return told ?? invent();
  if (told !== undefined && told !== before) {
    const what = `the journal in ${dir} was written by ${before}, not ${told}`;
    throw new TownError("state", `${what}: say --machine ${before}, or use another folder`);
  }
  return MachineName.safeParse(before).success ? before : invent();
}

async function askRemote(remote: string, signal: AbortSignal): Promise<void> {
  const args = ["ls-remote", "--quiet", "--heads", "--", remote];
  try {
    await runGit(args, { cwd: "/", signal, timeoutMs: askTimeoutMs });
  } catch (error) {
    if (!(error instanceof TownError) || error.reason === "cancelled") throw error;
    const said = error.cause instanceof Error ? error.cause.message : error.message;
    const what = `the remote ${withoutSecrets(remote)} does not answer: ${said}`;
    const remedy = "nothing was made; check the path or the URL (git init --bare makes one)";
    throw new TownError(error.reason, `${what}; ${remedy}`, { cause: error });
  }
}

async function make(dir: string, settings: FolderSettings): Promise<void> {
  let first: string | undefined;
  try {
    first = await nodeDisk.makeDir(dir);
    await writeOwned(dir, settings);
    await nodeDisk.makeDir(join(dir, "journal"));
  } catch (error) {
    if (first !== undefined) await rmdir(dir).catch(() => {}); // What else is in it stays.
    throw diskError(error, dir);
  }
}

async function writeOwned(dir: string, settings: FolderSettings): Promise<void> {
  try {
    const release = await ownHome(dir);
    await writeSettings(dir, settings).finally(release);
  } catch (error) {
    throw diskError(error, dir);
  }
}
