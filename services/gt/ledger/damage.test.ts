import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bead, rowsOf, type ScratchFolder, scratchFolder } from "./scratch-folder.ts";

type Damaged = ScratchFolder & {
  /** The one segment of the folder `name`. */
  readonly segment: (name: string) => string;
  /** Change the lines of a file. */
  readonly change: (path: string, how: (lines: string[]) => string[]) => void;
};

/** Two folders of three events each. */
async function folders(): Promise<Damaged> {
  const scratch = await scratchFolder(onTestFinished);
  for (const name of ["one", "two"]) {
    await scratch.gt(
      "init",
      "--dir",
      name,
      "--machine",
      name,
      "--remote",
      scratch.remote(`${name}.git`),
    );
    const rows = ["1", "2", "3"].map((at) => bead(`${name}-${at}`));
    await scratch.gt("import", "--dir", name, await scratch.beads(`${name}.jsonl`, rows));
  }
  const segment = (name: string) => {
    const journal = join(scratch.root, name, "journal");
    return join(journal, readdirSync(journal)[0] ?? "", "000001.jsonl");
  };
  const change: Damaged["change"] = (path, how) => {
    writeFileSync(path, how(readFileSync(path, "utf8").trimEnd().split("\n")).join("\n"));
  };
  return { ...scratch, segment, change };
}

const ids = (out: string) => rowsOf(out).map(({ id }) => id);
const ended = (lines: string[]) => [...lines, ""];

test.for<[string, (lines: string[]) => string[], RegExp, string[]]>([
  [
    "edited",
    ([a = "", b = "", ...rest]) => [a, b.replace("one-2", "one-9"), ...rest],
    /broken-chain/,
    ["one-1", "one-3", "one-9"],
  ],
  [
    "cut in two",
    ([a = "", b = "", ...rest]) => [a, b.slice(0, 40), ...rest],
    /bad-line: not JSON/,
    ["one-1"],
  ],
  [
    "deleted",
    ([a = "", _, ...rest]) => [a, ...rest],
    /gap: one\.\w+:2 is missing before 3/,
    ["one-1"],
  ],
  [
    "of another version",
    ([a = "", b = "", ...rest]) => [a, b.replace('{"v":1', '{"v":7'), ...rest],
    /bad-line: written in format 7, and this version reads up to 1/,
    ["one-1"],
  ],
])(
  "a line that was %s is named by file and line, and the rest goes on",
  async ([, how, what, left]) => {
    const { gt, gtAt, root, segment, change } = await folders();
    const path = segment("one");
    change(path, (lines) => ended(how(lines)));
    const verified = await gt("verify", "--dir", "one");
    expect(verified.exitCode).toBe(1);
    expect(verified.out).toMatch(new RegExp(`^${path}:[23]: ${what.source}`, "m"));
    const exported = await gt("export", "--dir", "one");
    expect(ids(exported.out)).toEqual(left);
    const isCut = left.length === 1;
    expect(exported.exitCode).toBe(isCut ? 1 : 0);
    if (isCut) expect(exported.err).toMatch(/1 later events of one\.\w+ are left out/);
    // Another writer's events in the same journal are not touched by that.
    cpSync(join(root, "two", "journal"), join(root, "one", "journal"), { recursive: true });
    const both = await gtAt({ cwd: join(root, "one") }, "export");
    expect(ids(both.out)).toEqual([...left, "two-1", "two-2", "two-3"]);
  },
);

test("a whole segment of another version is one finding", async () => {
  const { gt, segment, change } = await folders();
  const path = segment("one");
  change(path, (lines) => ended(lines.map((line) => line.replace('{"v":1', '{"v":2'))));
  const { findings } = JSON.parse((await gt("verify", "--dir", "one", "--json")).out);
  expect(findings).toMatchObject([{ file: path, line: 1, to: 3, kind: "bad-line" }]);
  expect((await gt("verify", "--dir", "one")).out).toContain(`${path}:1-3: bad-line: `);
});

test("conflict markers in a clone's segment are called so; both sides are read", async () => {
  const { gt, root, segment, change } = await folders();
  await gt("sync", "--dir", "one");
  const clone = join(root, "clone");
  execFileSync("git", ["clone", "-q", "-b", "machines/one", join(root, "one.git"), clone]);
  const [writer = ""] = readdirSync(join(root, "one", "journal"));
  const path = join(clone, ".beads", "events", "one", writer, "000001.jsonl");
  const clean = (await gt("export", "--dir", clone)).out;
  change(path, ([a = "", b = "", c = ""]) => {
    return ended(["<<<<<<< HEAD", a, b, "=======", a, b, c, ">>>>>>> other"]);
  });
  const { out, exitCode } = await gt("verify", "--dir", clone);
  expect(exitCode).toBe(1);
  for (const line of [1, 4, 8])
    expect(out).toContain(`${path}:${line}: bad-line: a conflict marker`);
  const exported = await gt("export", "--dir", clone);
  expect(exported.out).toBe(clean);
  expect(exported.err).toContain(`${path}:1: a conflict marker`);
  expect(segment("one")).not.toBe(path);
});

test("what is damaged here and whole in the clone is read from there, and named", async () => {
  const { gt, root, segment, change } = await folders();
  await gt("sync", "--dir", "one");
  const whole = (await gt("export", "--dir", "one")).out;
  const path = segment("one");
  const [writer = ""] = readdirSync(join(root, "one", "journal"));
  change(path, ([a = "", b = "", c = ""]) => ended([a, b.slice(0, 40), c]));
  const bad = await gt("verify", "--dir", "one");
  expect(bad.out).toContain(`${path}:2: bad-line`);
  expect((await gt("export", "--dir", "one")).out).toBe(whole);
  change(path, ([a = "", , c = ""]) => {
    const [, b = ""] = rowsOf(execShow(root, writer)).map((row) => JSON.stringify(row));
    return ended([a, b.replace("one-2", "one-9"), c]);
  });
  const { findings } = JSON.parse((await gt("verify", "--dir", "one", "--json")).out);
  const branch = `${root}/one/ledger.git:origin/machines/one`;
  const file = `${branch}:.beads/events/one/${writer}/000001.jsonl`;
  expect(findings).toMatchObject([
    { file: path, line: 3, kind: "broken-chain" },
    { file, line: 2, kind: "fork" },
  ]);
});

/** Git understands how a finding names a place in the clone. */
function execShow(root: string, writer: string): string {
  const place = `origin/machines/one:.beads/events/one/${writer}/000001.jsonl`;
  return execFileSync("git", ["-C", join(root, "one", "ledger.git"), "show", place], {
    encoding: "utf8",
  });
}

test("a torn end is no fault, and the next write cuts it off and says so", async () => {
  const { gt, beads, segment } = await folders();
  const path = segment("one");
  writeFileSync(path, `${readFileSync(path, "utf8")}{"v":1,"wri`);
  const verified = await gt("verify", "--dir", "one");
  expect(verified).toMatchObject({ exitCode: 0 });
  expect(verified.out).toContain(`${path}:4: torn: ends in the middle of a line of 11 bytes`);
  expect(await gt("export", "--dir", "one")).toMatchObject({ exitCode: 0, err: "" });
  const more = await beads("more.jsonl", [bead("one-4")]);
  const told = await gt("import", "--dir", "one", more);
  expect(told.out).toContain("1 created");
  expect(told.err).toContain(`torn-tail: ${path}: cut off a torn line of 11 bytes`);
  expect((await gt("verify", "--dir", "one")).out).toContain("all as they were written");
});

test("a writer whose line is bad is passed by when others sync and import", async () => {
  const { gt, beads, segment, change } = await folders();
  const path = segment("one");
  change(path, ([a = "", b = "", c = ""]) => ended([a, b.slice(0, 40), c]));
  const more = await beads("more.jsonl", [bead("one-4")]);
  const told = await gt("import", "--dir", "one", more, "--json");
  const { created, alarms } = JSON.parse(told.out);
  expect(created).toBe(1);
  expect(alarms).toMatchObject([{ kind: "bad-line" }]);
  expect(told.exitCode).toBe(1);
  expect(told.err).toMatch(/gt ledger verify --dir .+ names each line\. bad-line: put back/);
  const exported = await gt("export", "--dir", "one");
  expect(ids(exported.out)).toEqual(["one-1", "one-4"]);
});

test("a repository that is none of the ledger, and a file, are told from one", async () => {
  const { gt, remote, root } = await folders();
  const empty = await gt("verify", "--dir", remote("empty.git"));
  expect(empty).toMatchObject({ exitCode: 1, out: "" });
  expect(empty.err).toContain(`no ledger in ${root}/empty.git`);
  expect((await gt("stats", "--dir", "one.jsonl")).err).toContain("is a file, not a folder");
  expect((await gt("stats", "--dir", "absent")).err).toContain("there is no folder");
  const bare = JSON.parse((await gt("stats", "--dir", "one", "--json")).out);
  expect(bare).toMatchObject({ events: 3, writers: 1, beads: 3 });
});
