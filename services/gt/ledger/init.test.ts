import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bead, scratchFolder } from "./scratch-folder.ts";

test("a folder is initialised once; again changes nothing and says so", async () => {
  const { gt, root } = await scratchFolder(onTestFinished);
  const made = await gt("init", "--dir", "notes", "--machine", "laptop", "--prefix", "note");
  const facts = `${root}/notes (laptop writes it, ids begin with note-, no remote)`;
  expect(made).toEqual({ exitCode: 0, out: `initialised a ledger in ${facts}\n`, err: "" });
  const file = join(root, "notes", "ledger.json");
  const before = readFileSync(file, "utf8");
  expect(JSON.parse(before)).toEqual({ version: 1, machine: "laptop", prefix: "note" });
  const again = await gt("init", "--dir", "notes", "--machine", "laptop", "--json");
  expect(JSON.parse(again.out)).toMatchObject({ outcome: "same", machine: "laptop" });
  expect((await gt("init", "--dir", "notes")).out).toContain("nothing changed");
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(await gt("export", "--dir", "notes")).toEqual({ exitCode: 0, out: "", err: "" });
  expect(readdirSync(join(root, "notes")).sort()).toEqual(["journal", "ledger.json"]);
});

test("a name is invented where none is given, another one for each folder", async () => {
  const { gt } = await scratchFolder(onTestFinished);
  const one = JSON.parse((await gt("init", "--dir", "one", "--json")).out);
  const two = JSON.parse((await gt("init", "--dir", "two", "--json")).out);
  expect(one.machine).toMatch(/^[a-z][a-z0-9-]{0,25}-[a-z0-9]{5}$/);
  expect(two.machine).not.toBe(one.machine);
});

test("a remote is added later, and never exchanged unasked", async () => {
  const { gt, root, remote } = await scratchFolder(onTestFinished);
  remote();
  await gt("init", "--dir", "notes", "--machine", "laptop");
  const added = await gt("init", "--dir", "notes", "--remote", "remote.git");
  expect(added.out).toContain(`completed the ledger in ${root}/notes`);
  expect(added.out).toContain(`remote ${root}/remote.git`);
  remote("other.git");
  const other = await gt("init", "--dir", "notes", "--remote", "other.git");
  expect(other).toMatchObject({ exitCode: 1, out: "" });
  expect(other.err).toContain(`its remote is ${root}/remote.git, not ${root}/other.git`);
  const renamed = await gt("init", "--dir", "notes", "--machine", "desk");
  expect(renamed.err).toContain("its machine is laptop, not desk");
});

test.for<[string[], string]>([
  [["--machine", "Lap Top"], 'not a machine\'s name: "Lap Top" (lower case letters'],
  [["--machine", "town"], "`town` is the town's own name"],
  [["--prefix", "No-te"], 'not a prefix: "No-te"'],
  [["--remote", ""], 'not a remote: ""'],
  [["--remote", "nowhere.git"], "/nowhere.git does not answer"],
])("%j is refused by name, and nothing is made", async ([args, why]) => {
  const { gt, root } = await scratchFolder(onTestFinished);
  const told = await gt("init", "--dir", "notes", ...args);
  expect(told).toMatchObject({ exitCode: 1, out: "" });
  expect(told.err).toContain(why);
  expect(existsSync(join(root, "notes"))).toBe(false);
});

test("a file, a home, and a journal of another name are no places for it", async () => {
  const { gt, root } = await scratchFolder(onTestFinished);
  writeFileSync(join(root, "file"), "");
  expect((await gt("init", "--dir", "file")).err).toContain("a file is in its place");
  expect((await gt("init", "--dir", "file/below")).err).toContain("a file is in its place");
  const machine = { version: 1, machine: "vm-a", ledgerRemote: "" };
  writeFileSync(join(root, "machine.json"), JSON.stringify(machine));
  expect((await gt("init")).err).toContain(
    `${root} is the home of vm-a: it keeps a ledger already`,
  );
  const segment = join(root, "old", "journal", "vm-b.life0001");
  mkdirSync(segment, { recursive: true });
  writeFileSync(join(segment, "000001.jsonl"), "");
  const other = await gt("init", "--dir", "old", "--machine", "vm-c");
  expect(other.err).toContain("was written by vm-b, not vm-c: say --machine vm-b");
  expect((await gt("init", "--dir", "old")).out).toContain("(vm-b writes it, no remote)");
});

test.for<[string, string]>([
  ['{"version":2,"machine":"laptop","shards":7}', "is of version 2, and this Gas Town knows 1"],
  ["{not json", "cannot be read: it is not JSON"],
  ['{"version":1,"machine":"../up"}', "cannot be read: ✖ lower case letters"],
])("a ledger.json that says %s is left alone, and named", async ([text, why]) => {
  const { gt, root, beads } = await scratchFolder(onTestFinished);
  const file = join(root, "ledger.json");
  writeFileSync(file, text);
  const rows = await beads("rows.jsonl", [bead("a-1")]);
  for (const args of [["init"], ["import", rows], ["sync"]]) {
    const told = await gt(...args);
    expect(told).toMatchObject({ exitCode: 1, out: "" });
    expect(told.err).toContain(`${file} ${why}`);
  }
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(readdirSync(root).sort()).toEqual(["ledger.json", "rows.jsonl"]);
});
