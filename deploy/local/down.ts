// `gt down`: end everything that was started in a home, workers too. What they did is kept.

import { join, resolve } from "node:path";
import { Command } from "commander";
import { callName } from "#services/gt/call-name.ts";
import { forgetHome } from "#services/gt/known-homes.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { processWords } from "./command/process-words.ts";
import { runCommand } from "./command/run.ts";
import { isJoinedOnly, joinLine } from "./home/belong.ts";
import { homeState, removeHome, withHomeLock } from "./home/home.ts";
import { readTownFile, type TownFile } from "./home/town-file.ts";
import { unlandedIn } from "./home/unlanded.ts";
import { stopHome } from "./process/stop.ts";

type Options = {
  readonly home: string;
  readonly purge?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
};

const namedMax = 10;

const program = new Command("gt down")
  .description("End the town, its rig-agents and their polecats.")
  .option("--home <folder>", "where everything is kept", join(".gastown", "town"))
  .option("--purge", "remove the home too; refused while work has not landed")
  .option("--force", "remove it even so")
  .option("--json", "answer in JSON");

await runCommand(program, process.argv.slice(2), async (options: Options, ports) => {
  const { signal, write } = ports;
  const home = resolve(options.home);
  const state = await homeState(home);
  if (state === "absent" || state === "empty") {
    throw new TownError("not_found", `there is no town in ${home}; say which with --home`);
  }
  if (state === "foreign") throw new TownError("state", `${home} is no home of Gas Town`);
  const { purge = false, force = false } = options;
  const goesOn = howItGoesOn(readTownFile(home));
  const ended = await withHomeLock(home, async () => {
    if (purge && !force) await refuseUnlanded(home, signal);
    const names = await stopHome(home, systemProcesses(), (name) => {
      if (!options.json) write(`  ${processWords(name)} ended\n`);
    });
    forgetHome(home, process.env);
    if (purge) await removeHome(home);
    return names;
  });
  const words = ended.length === 0 ? "Nothing was running" : "All has ended";
  const kept = purge ? `${home} is removed` : `${home} keeps everything; ${goesOn}`;
  const told = { home, ended, purged: purge };
  write(options.json ? `${JSON.stringify(told)}\n` : `${words}; ${kept}.\n`);
  return 0;
});

/** How what was ended is started again: a town of one's own, or the machines of another one. */
function howItGoesOn(file: TownFile | undefined): string {
  const call = callName(process.env);
  if (!isJoinedOnly(file)) return `\`${call} up\` goes on`;
  const { address, machines } = file;
  const lines = Object.entries(machines).map(
    ([machine, { rigs }]) => `\`${joinLine(call, { address, machine, rigs })}\``,
  );
  return `${lines.join(", ")} goes on`;
}

async function refuseUnlanded(home: string, signal: AbortSignal): Promise<void> {
  const beads = await unlandedIn(home, signal);
  if (beads.length === 0) return;
  const lines = beads
    .slice(0, namedMax)
    .map(({ id, status, title }) => `\n    ${id}  ${status}  ${title}`);
  const more = beads.length > namedMax ? `\n    and ${beads.length - namedMax} more` : "";
  const todo = "\n    close it, let it land, or say --force";
  throw new TownError(
    "state",
    `${home} is not removed, and nothing was ended: this work has not landed` +
      `${lines.join("")}${more}${todo}`,
  );
}
