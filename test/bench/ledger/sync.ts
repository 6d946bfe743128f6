import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "#services/git/run-git.ts";
import { nodeDisk } from "#services/ledger/disk-node.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { type LedgerGit, openLedgerGit } from "#services/ledger/ledger-git.ts";
import { percentile, sideBySide, spreadOf } from "../measure.ts";
import { type Finding, finding } from "../metric.ts";
import type { Settings } from "../settings.ts";
import { madeBead, uidOf } from "./made-beads.ts";

const bench = "ledger";
const writersMax = 8;
const { signal } = new AbortController();

/** What git alone costs: one change to one peer, a hundred at once, and eight who write. */
export async function* benchSync({ repeats, dir }: Settings): AsyncIterable<Finding> {
  const remote = await makeRemote(join(dir, "remote.git"));
  const [a, b] = [await openSide(dir, remote, "vm-a"), await openSide(dir, remote, "vm-b")];
  await a.ledger.append("overseer", [madeBead(0)]);
  await a.sync(b);
  const bareRemote = await makeRemote(join(dir, "bare.git"));
  const bare = await openBare(join(dir, "bare-a"), bareRemote, "machines/vm-a");
  const peer = await openBare(join(dir, "bare-b"), bareRemote, "machines/vm-b");
  const one = await sideBySide(
    {
      ours: () => a.change(1).then(() => a.sync(b)),
      limit: async () => {
        await bare.push();
        await runGit(["fetch", "--quiet", "origin"], { cwd: peer.dir });
      },
    },
    { warmUps: 2, repeats: repeats * 2 },
  );
  yield finding({
    ...{ bench, metric: "one change to a peer by git alone", unit: "ms", target: 1.15 },
    ours: spreadOf(one.oursMs),
    limit: percentile(one.limitMs, 0.5),
  });
  const batch = await sideBySide(
    {
      ours: () => a.change(100).then(() => a.sync(b)),
      limit: () => a.change(1).then(() => a.sync(b)),
    },
    { warmUps: 1, repeats: repeats * 2 },
  );
  yield finding({
    ...{ bench, metric: "100 changes batched, over one change", unit: "ms", target: 1.15 },
    ours: spreadOf(batch.oursMs),
    limit: percentile(batch.limitMs, 0.5),
  });
  for (const { ledger } of [a, b]) await ledger.close();
  yield* benchWriters(dir, repeats);
}

async function* benchWriters(dir: string, repeats: number): AsyncIterable<Finding> {
  const remote = await makeRemote(join(dir, "many.git"));
  const bareRemote = await makeRemote(join(dir, "many-bare.git"));
  const ours: Side[] = [];
  const bare: Bare[] = [];
  for (let number = 0; number < writersMax; number += 1) {
    const machine = `vm-${number}`;
    ours.push(await openSide(join(dir, "many"), remote, machine));
    bare.push(await openBare(join(dir, `many-${machine}`), bareRemote, `machines/${machine}`));
  }
  const each = 3;
  const repeat = async (push: () => Promise<unknown>) => {
    for (let count = 0; count < each; count += 1) await push();
  };
  const pushes = await sideBySide(
    {
      ours: () => Promise.all(ours.map((side) => repeat(() => side.change(1).then(side.push)))),
      limit: () => Promise.all(bare.map((side) => repeat(side.push))),
    },
    { warmUps: 1, repeats: Math.ceil(repeats / 2) },
  );
  const perSecond = (ms: number) => (writersMax * each * 1_000) / ms;
  yield finding({
    ...{ bench, metric: `pushes per second, ${writersMax} writers to one remote`, unit: "/s" },
    ...{ target: 0.9, better: "higher" },
    ours: spreadOf(pushes.oursMs.map(perSecond)),
    limit: perSecond(percentile(pushes.limitMs, 0.5)),
  });
  for (const { ledger } of ours) await ledger.close();
}

async function makeRemote(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main"], { cwd: dir });
  return dir;
}

/** One machine with its ledger and its clone of the ledger repository. */
type Side = {
  readonly ledger: Ledger;
  readonly git: LedgerGit;
  /** Append this many changes. */
  readonly change: (count: number) => Promise<unknown>;
  readonly push: () => Promise<unknown>;
  /** Push, and let the peer fetch and fold it. */
  readonly sync: (peer: Side) => Promise<void>;
};

async function openSide(dir: string, remote: string, machine: string): Promise<Side> {
  const home = join(dir, machine);
  const options = { machine, disk: nodeDisk, nowMs: Date.now };
  const ledger = await openLedger({ ...options, dir: join(home, "journal") });
  const branch = `machines/${machine}`;
  const git = openLedgerGit({ dir: join(home, "ledger.git"), remote, branch, machine });
  const { segments, segmentBytes } = ledger;
  const outgoing = { segments, bytes: segmentBytes, message: `Events of ${machine}` };
  const push = () => git.push(outgoing, signal);
  return {
    ledger,
    git,
    change: (count) => {
      const drafts = Array.from({ length: count }, () =>
        setFields(uidOf(0), { notes: "Seen again, and still as it was the day before." }),
      );
      return ledger.append("overseer", drafts);
    },
    push,
    sync: async (peer) => {
      await push();
      const { lines } = await peer.git.fetch(signal);
      for (const { lines: brought, source } of lines) peer.ledger.receive(brought, source);
    },
  };
}

/** A clone with a work tree, used as a person would. */
type Bare = { readonly dir: string; readonly push: () => Promise<void> };

async function openBare(dir: string, remote: string, branch: string): Promise<Bare> {
  await runGit(["clone", "--quiet", remote, dir], { cwd: "/" });
  const run = { cwd: dir };
  for (const [key, value] of [
    ["name", "bench"],
    ["email", "bench@gastown.invalid"],
  ]) {
    await runGit(["config", `user.${key}`, value ?? ""], run);
  }
  await runGit(["switch", "--quiet", "--orphan", branch], run);
  let text = "";
  return {
    dir,
    push: async () => {
      // As many bytes as an event of ours has.
      text += `${"x".repeat(330)}\n`;
      await writeFile(join(dir, "000001.jsonl"), text);
      await runGit(["add", "000001.jsonl"], run);
      await runGit(["commit", "--quiet", "--message=Events"], run);
      await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], run);
    },
  };
}
