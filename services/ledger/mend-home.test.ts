import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeDisk } from "./disk-node.ts";
import { openLedger } from "./ledger.ts";
import { openLedgerGit } from "./ledger-git.ts";
import { mendHome } from "./mend-home.ts";

let root = "";
const { signal } = new AbortController();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gt-home-"));
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", join(root, "remote.git")]);
});
afterEach(() => rmSync(root, { recursive: true }));

/** A home whose process ended after it had pushed one event. */
async function endedHome(machine: string) {
  const home = join(root, machine);
  const ledger = await openLedger({
    ...{ dir: join(home, "journal"), machine, disk: nodeDisk },
    nowMs: Date.now,
  });
  const fields = { title: "kept" };
  await ledger.append("overseer", [{ bead: "b", op: "create", values: { id: "a-1", fields } }]);
  const branch = machine === "town" ? "main" : `machines/${machine}`;
  const remote = join(root, "remote.git");
  const git = openLedgerGit({ dir: join(home, "ledger.git"), remote, branch, machine });
  const outgoing = { segments: ledger.segments, bytes: ledger.segmentBytes, message: "Events" };
  await git.push(outgoing, signal);
  await ledger.close();
  const segment = join(home, "journal", ledger.writer, "000001.jsonl");
  return { place: { disk: nodeDisk, home, machine }, home, git, segment };
}

test.for(["vm-a", "town"])("a removed segment of %s is written back, once", async (machine) => {
  const { place, segment } = await endedHome(machine);
  expect(await mendHome(place)).toEqual([]);
  const text = readFileSync(segment, "utf8");
  rmSync(segment);
  expect(await mendHome(place)).toMatchObject([{ kind: "restored" }]);
  expect(readFileSync(segment, "utf8")).toBe(text);
  writeFileSync(segment, ""); // What is there is left to whoever reads it.
  expect(await mendHome(place)).toEqual([]);
});

test("a clone that was broken is moved aside, and the next look makes it anew", async () => {
  const { place, home } = await endedHome("vm-a");
  const dir = join(home, "ledger.git");
  for (let time = 1; time <= 2; time += 1) {
    rmSync(join(dir, "objects"), { recursive: true });
    expect(await mendHome(place)).toMatchObject([{ kind: "damaged-clone" }]);
    expect([existsSync(dir), existsSync(`${dir}.broken`)]).toEqual([false, true]);
    const remote = join(root, "remote.git");
    const git = openLedgerGit({ dir, remote, branch: "machines/vm-a", machine: "vm-a" });
    expect((await git.fetch(signal)).lines).toHaveLength(1);
    expect(await mendHome(place)).toEqual([]);
  }
});
