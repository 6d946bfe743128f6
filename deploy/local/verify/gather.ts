import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readChain } from "#services/git/authority-chain.ts";
import { ensureClone } from "#services/git/bare-clone.ts";
import { runGit } from "#services/git/run-git.ts";
import { isWork } from "#services/ledger/readiness.ts";
import { type Rig, rigOf, rigs, termBranch } from "#services/ledger/rigs.ts";
import { patchField } from "#services/ledger/work-fields.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { runGate } from "./gate.ts";
import type { BeadFact, Facts, RigFact } from "./judge.ts";
import type { LedgerReading } from "./read-ledger.ts";

/** What the fold of a ledger says of all work. */
export function beadFacts({ world }: LedgerReading): BeadFact[] {
  return [...world.everywhere()].filter(isWork).map((bead) => ({
    id: bead.id,
    uid: bead.uid,
    isEpic: bead.issueType === "epic",
    closed: bead.status === "closed",
    closeKind: bead.closeKind,
    closeCommit: bead.closeCommit ?? "",
    rig: rigOf(bead, world)?.rig.name ?? "",
    hasPatch: patchField.read(bead) !== undefined,
  }));
}

/** Ask each rig's remote, named by the ledger itself, in fresh clones that go again. */
export async function gatherFacts(
  reading: LedgerReading,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<Facts> {
  const dir = await mkdtemp(join(tmpdir(), "gt-verify-"));
  try {
    const found = rigs(reading.world).map(({ rig }) => rigFacts(join(dir, rig.name), rig, signal));
    return {
      beads: beadFacts(reading),
      rigs: await Promise.all(found),
      wanted,
      faults: reading.faults,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function rigFacts(dir: string, rig: Rig, signal: AbortSignal): Promise<RigFact> {
  const { name, target } = rig;
  const none = { name, target, commits: new Set<string>(), landings: [] };
  try {
    const repoDir = `${dir}.git`;
    await ensureClone(rig.remote, repoDir, { signal });
    const branch = `refs/remotes/origin/${target}`;
    const { stdout } = await runGit(["rev-list", branch], { cwd: repoDir, signal });
    const { landings } = await readChain({ repoDir, signal, onMain: termBranch(rig) });
    await runGit(["worktree", "add", "--quiet", "--detach", dir, branch], { cwd: repoDir, signal });
    const failures = await gateFailures(dir, rig, signal);
    return { name, target, commits: new Set(stdout.split("\n")), landings, failures };
  } catch (error) {
    if (!isTownError(error) || signal.aborted) throw error;
    return { ...none, failures: [error.message] };
  }
}

async function gateFailures(cwd: string, rig: Rig, signal: AbortSignal): Promise<string[]> {
  const setup = rig.setup.trim() === "" ? [] : [{ name: "setup", command: rig.setup }];
  for (const { name, command } of setup) {
    const failure = await runGate(command, { cwd, signal, timeoutMs: 600_000 });
    if (failure !== undefined) return [`${name} fails on ${rig.target}: ${failure}`];
  }
  const failures: string[] = [];
  for (const { name, command, timeoutSeconds } of rig.gates) {
    const failure = await runGate(command, { cwd, signal, timeoutMs: timeoutSeconds * 1_000 });
    if (failure !== undefined) failures.push(`${name} fails on ${rig.target}: ${failure}`);
  }
  return failures;
}
