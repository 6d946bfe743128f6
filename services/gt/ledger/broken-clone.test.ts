import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bead, scratchFolder } from "./scratch-folder.ts";

/** Two folders of one remote that have synced; each has a bead of its own. */
async function synced() {
  const scratch = await scratchFolder(onTestFinished);
  const { gt, beads, remote, root } = scratch;
  const git = remote();
  for (const name of ["one", "two"]) {
    await gt("init", "--dir", name, "--machine", name, "--remote", git);
    await gt("import", "--dir", name, await beads(`${name}.jsonl`, [bead(`${name}-1`)]));
    await gt("sync", "--dir", name);
  }
  return { ...scratch, clone: join(root, "two", "ledger.git") };
}

test.for([
  [
    "without its objects",
    "objects",
    /ledger\.git was broken \(.+\): it is now .+ledger\.git\.broken/,
  ],
  ["with its objects' folders empty", "objects/*", /was broken \(.+\): it is now/],
  ["gone", ".", /ledger\.git was gone, and is cloned anew/],
] as const)("a clone that is %s is told of, and sync clones anew", async ([, what, said]) => {
  const { gt, root, clone, beads } = await synced();
  const whole = (await gt("export", "--dir", "two")).out;
  const lose = () => {
    if (what !== "objects/*") return rmSync(join(clone, what, "."), { recursive: true });
    for (const name of readdirSync(join(clone, "objects"))) {
      rmSync(join(clone, "objects", name), { recursive: true });
    }
  };
  lose();
  for (const verb of ["stats", "verify", "export"]) {
    const told = await gt(verb, "--dir", "two");
    expect(told.exitCode).toBe(1);
    expect(told.err).toMatch(/ledger\.git cannot be read \(.+\): what others wrote is not here/);
    expect(told.err).toContain(`gt ledger sync --dir ${join(root, "two")} brings it`);
  }
  const more = await gt("import", "--dir", "two", await beads("two.jsonl", [bead("two-1")]));
  expect(more).toMatchObject({ exitCode: 1, out: expect.stringContaining("1 unchanged") });
  expect(more.err).toContain("what others wrote is not here; gt ledger sync");
  const told = await gt("sync", "--dir", "two");
  expect(told).toMatchObject({ exitCode: 0, err: "" });
  expect(told.out).toMatch(said);
  expect(told.out).toContain("received 1\n");
  expect(existsSync(`${clone}.broken`)).toBe(what !== ".");
  expect(await gt("export", "--dir", "two")).toEqual({ exitCode: 0, out: whole, err: "" });
  lose();
  expect((await gt("sync", "--dir", "two")).exitCode).toBe(0);
});

test("a segment of the journal that was removed comes back from the clone", async () => {
  const { gt, root, beads } = await synced();
  const journal = join(root, "one", "journal");
  const [writer = ""] = readdirSync(journal);
  const path = join(journal, writer, "000001.jsonl");
  const text = readFileSync(path, "utf8");
  rmSync(path);
  const file = await beads("one.jsonl", [bead("one-1")]);
  const told = await gt("import", "--dir", "one", file);
  expect(told).toMatchObject({ exitCode: 0, out: expect.stringContaining("1 unchanged") });
  expect(told.err).toContain(`restored: 1 segments of ${journal} were gone`);
  expect(told.err).toContain(`${writer}/000001.jsonl`);
  expect(readFileSync(path, "utf8")).toBe(text);
  expect((await gt("import", "--dir", "one", file)).err).toBe("");
  rmSync(join(journal, writer), { recursive: true });
  expect((await gt("sync", "--dir", "one")).out).toContain("alarm: restored: 1 segments");
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a folder that never synced has nothing to miss", async () => {
  const { gt, beads, remote } = await scratchFolder(onTestFinished);
  await gt("init", "--machine", "one", "--remote", remote());
  await gt("import", await beads("one.jsonl", [bead("one-1")]));
  expect(await gt("stats")).toMatchObject({ exitCode: 0, err: "" });
});
