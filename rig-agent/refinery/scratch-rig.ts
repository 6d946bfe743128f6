import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { takeTerm } from "#services/git/authority-chain.ts";
import { type Files, scratchRemote } from "#services/git/scratch-remote.ts";
import { polecatBranch } from "#services/git/worktree.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { claimBead, createBead } from "#services/ledger/drafts.ts";
import { nextEpoch } from "#services/ledger/epoch.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { type Rig, termBranch } from "#services/ledger/rigs.ts";
import { systemClock } from "#services/lifecycle/clock.ts";
import { Terms } from "../authority/terms.ts";
import { gateBench } from "./gate-bench.ts";
import { gitCode } from "./git-code.ts";
import type { RefineryNews, RefineryPorts } from "./ports.ts";

/** The worker of every request in these tests. */
export const worker = "rigs/alpha/polecats/nux";

/** What a gate of the scratch rig is; `$REMOTE` in its command is the remote's path. */
export type ScratchGate = { readonly name: string; readonly command: string };

/** A rig with a real remote, a real ledger, and the authority held by this process; for tests. */
export async function scratchRig(
  gates: readonly ScratchGate[],
  setup = "",
  fencing: Rig["fencing"] = "chain",
) {
  const scratch = await scratchRemote();
  const { dir, remote } = scratch;
  const ledger = await openLedger({
    dir: join(dir, "journal"),
    machine: "vm-a",
    disk: nodeDisk,
    nowMs: Date.now,
  });
  const named = gates.map(({ name, command }) => ({
    name,
    command: command.replaceAll("$REMOTE", remote),
    timeoutSeconds: 60,
  }));
  const target = "main";
  const rig = { name: "alpha", prefix: "al", remote, target, setup, gates: named, fencing };
  const onMain = termBranch(rig);
  const uid = derivedUid("rig", "alpha");
  const fields = { "gt.rig": rig };
  await ledger.append("overseer", [
    createBead({ uid, id: "hq-rig-alpha", title: "alpha", issueType: "rig", fields }),
  ]);
  const repoDir = await scratch.clone("repo.git");
  const news: RefineryNews[] = [];
  const authority = async (holder = "vm-a") => {
    const terms = new Terms();
    terms.take({ rig: "alpha", repoDir, ...(await takeTerm({ repoDir, holder, onMain })) });
    return terms;
  };
  const ports = async (changes: Partial<RefineryPorts> = {}): Promise<RefineryPorts> => ({
    ledger,
    terms: changes.terms ?? (await authority()),
    nowMs: Date.now,
    code: gitCode,
    test: gateBench(systemClock),
    gateDir: () => join(dir, "gates"),
    tell: (each) => news.push(each),
    ...changes,
  });
  return {
    ...scratch,
    [Symbol.asyncDispose]: async () => {
      await ledger.close();
      await scratch[Symbol.asyncDispose]();
    },
    ledger,
    repoDir,
    news,
    ports,
    bead: (id: string) => must(ledger.world.bead(id)),
    events: () => news.map(({ event }) => event).join(" "),
    submit: (name: string, files: Files, from?: string) =>
      submit(ledger, (branch) => scratch.commit(files, branch, from ?? "main"), name),
    /** Make the remote run a script when somebody pushes. */
    hook: async (script: string) => {
      const path = join(remote, "hooks", "pre-receive");
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
    },
  };
}

/** What an authority, a worker and `gt submit` leave behind: a claim, a branch, a request. */
async function submit(
  ledger: Ledger,
  push: (branch: string) => Promise<string>,
  name: string,
): Promise<string> {
  const id = `al-${name}`;
  if (!ledger.world.bead(id)) {
    await ledger.append("overseer", [createBead({ uid: name, id, title: `Do ${name}` })]);
  }
  const epoch = nextEpoch(1, ledger.world.bead(id)?.claim?.epoch);
  const branch = polecatBranch(id, epoch);
  const merge = { rig: "alpha", branch, commit: await push(branch), target: "main", epoch, worker };
  const request = `${id}.mr-${epoch.replace(".", "-")}`;
  await ledger.append(worker, [
    claimBead(name, epoch, { machine: "vm-a", polecat: worker }),
    createBead({
      uid: derivedUid("merge-request", name, epoch),
      id: request,
      title: `Land ${id}`,
      issueType: "merge-request",
      fields: { "gt.work": name, "gt.merge": merge, "gt.merge_state": "queued" },
    }),
  ]);
  return request;
}

function must(bead: Bead | undefined): Bead {
  if (!bead) throw new Error("there is no such bead");
  return bead;
}
