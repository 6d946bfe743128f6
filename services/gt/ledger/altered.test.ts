import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bead, scratchFolder } from "./scratch-folder.ts";

test("a line altered after its push replaces nothing at the remote, and is named", async () => {
  const { gt, root, beads, remote } = await scratchFolder(onTestFinished);
  const git = remote();
  await gt("init", "--dir", "one", "--machine", "one", "--remote", git);
  await gt("import", "--dir", "one", await beads("a.jsonl", [bead("a-1"), bead("a-2")]));
  await gt("sync", "--dir", "one");
  const journal = join(root, "one", "journal");
  const [writer = ""] = readdirSync(journal);
  const path = join(journal, writer, "000001.jsonl");
  const pushed = readFileSync(path, "utf8");
  const altered = pushed.replace("About a-1", "Alter a-1"); // As long as it was.
  writeFileSync(path, altered);
  const named = () => gt("verify", "--dir", "one");
  expect((await named()).out).toContain(`${path}:2: broken-chain`);
  const told = await gt("sync", "--dir", "one");
  expect(told.out).toContain(`alarm: altered: ${writer}/000001.jsonl differs from what was pushed`);
  expect(told.out).toContain("pushed 1\n");
  expect(told.exitCode).toBe(1);
  expect(told.out).toMatch(/gt ledger verify --dir .+ names each line\. fork: both events count/);
  const place = `machines/one:.beads/events/one/${writer}/000001.jsonl`;
  const show = () => execFileSync("git", ["-C", git, "show", place], { encoding: "utf8" });
  const whole = pushed + altered.slice(0, altered.indexOf("\n") + 1);
  expect(show()).toBe(whole);
  expect(await named()).toMatchObject({ exitCode: 1 });
  expect((await named()).out).toContain(`${path}:2: broken-chain`);
  const again = await gt("sync", "--dir", "one");
  expect(again.out).toContain("alarm: altered");
  expect(again.out).toContain("pushed 0\n");
  expect(show()).toBe(whole);
  // As the remote has it, it is as it was written.
  writeFileSync(path, pushed);
  expect((await gt("sync", "--dir", "one")).out).not.toContain("alarm: altered");
  expect(show()).toBe(whole);
});

test("nor does an altered last line, which no later one names, at a later sync", async () => {
  const { gt, root, beads, remote } = await scratchFolder(onTestFinished);
  const git = remote();
  await gt("init", "--dir", "one", "--machine", "one", "--remote", git);
  await gt("import", "--dir", "one", await beads("a.jsonl", [bead("a-1"), bead("a-2")]));
  await gt("sync", "--dir", "one");
  const [writer = ""] = readdirSync(join(root, "one", "journal"));
  const path = join(root, "one", "journal", writer, "000001.jsonl");
  const pushed = readFileSync(path, "utf8");
  writeFileSync(path, pushed.replace("About a-2", "Alter a-2"));
  const place = `machines/one:.beads/events/one/${writer}/000001.jsonl`;
  for (let time = 1; time <= 3; time += 1) {
    expect((await gt("sync", "--dir", "one")).out).toContain("alarm: altered");
    const there = execFileSync("git", ["-C", git, "show", place], { encoding: "utf8" });
    expect(there.startsWith(pushed)).toBe(true);
  }
});
