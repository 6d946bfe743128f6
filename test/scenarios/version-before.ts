import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { wireVersion } from "#services/config/version.ts";
import { runGit } from "#services/git/run-git.ts";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { noteProcess } from "../../deploy/local/home/town-file.ts";
import { startDaemon } from "../../deploy/local/process/daemon.ts";
import { machinePlan } from "../../deploy/local/process/plan.ts";
import { projectRoot } from "../../deploy/setup/set-up.mjs";
import { command } from "../command.ts";
import type { TownFixture } from "./town-fixture.ts";

const versionFile = "services/config/version.ts";
const wireBefore = wireVersion - 1;
const stated = `wireVersion = ${wireBefore};`;

/**
 * The first that came with our wire version. Its number was raised some commits later: what lies
 * between speaks neither version.
 */
const firstOfOurs = { text: "drainField =", path: "services/ledger/machines.ts" };

/** The last commit that spoke the wire version before ours; undefined without its history. */
export async function commitBefore(): Promise<string | undefined> {
  const { text, path } = firstOfOurs;
  const args = ["log", "--reverse", "--format=%H^", `-S${text}`, "--", path];
  const okCodes = [0, 128];
  const { stdout } = await runGit(args, { cwd: projectRoot, okCodes });
  const [commit = ""] = stdout.split("\n");
  if (commit === "") return undefined;
  const shown = await runGit(["show", `${commit}:${versionFile}`], { cwd: projectRoot, okCodes });
  return shown.stdout.includes(stated) ? commit : undefined;
}

/** Lay out the sources of a commit, ready to run. */
export async function layOutCommit(commit: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const archive = join(into, "sources.tar");
  await runGit(["archive", `--output=${archive}`, commit], { cwd: projectRoot });
  const { ok, output } = await command("tar", "-xf", archive, "-C", into);
  if (!ok) throw new Error(`the sources of ${commit} cannot be laid out: ${output}`);
  await symlink(join(projectRoot, "node_modules"), join(into, "node_modules"));
}

/** Lay out our own sources with the wire version before ours compiled in. */
export async function layOutCompiled(into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const part of ["package.json", "tsconfig.json", "proto", "services", "rig-agent"]) {
    await cp(join(projectRoot, part), join(into, part), { recursive: true });
  }
  await symlink(join(projectRoot, "node_modules"), join(into, "node_modules"));
  const path = join(into, versionFile);
  const text = await readFile(path, "utf8");
  const older = text.replace(`wireVersion = ${wireVersion};`, stated);
  if (older === text) throw new Error(`${versionFile} does not say which wire version it is`);
  await writeFile(path, older);
}

/** Start a rig-agent of other sources in a town's home; it ends with the home. */
export async function startOther(town: TownFixture, machine: string, root: string): Promise<void> {
  const plan = machinePlan(town.home, { machine, townAddress: town.address() });
  const script = relative(projectRoot, join(root, plan.script));
  await startDaemon(
    { ...plan, script },
    {
      table: systemProcesses(),
      signal: AbortSignal.timeout(60_000),
      note: (name, mark) => noteProcess(town.home, name, mark),
    },
  );
}
