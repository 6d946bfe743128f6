import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { sampleFolder, sampleWork } from "./demo/remotes.ts";

const run = promisify(execFile);

type Row = {
  readonly id: string;
  readonly issue_type: string;
  readonly metadata?: { readonly gt: { readonly patch: string } };
  readonly dependencies?: readonly { readonly depends_on_id: string; readonly type: string }[];
};

const text = await readFile(sampleWork, "utf8");
const rows = text
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);
const work = rows.filter((row) => row.issue_type !== "epic");
const rigOf = (id: string) => id.slice(0, id.indexOf("-"));
const needs = (row: Row) =>
  (row.dependencies ?? []).flatMap((d) => (d.type === "blocks" ? [d.depends_on_id] : []));

/** One of the orders that dependencies allow, chosen by `pick` among those that are ready. */
function anOrder(pick: (ready: readonly Row[]) => Row): Row[] {
  const order: Row[] = [];
  while (order.length < work.length) {
    const done = new Set(order.map(({ id }) => id));
    const ready = work.filter((row) => !done.has(row.id) && needs(row).every((id) => done.has(id)));
    order.push(pick(ready));
  }
  return order;
}

const identity = {
  GIT_AUTHOR_NAME: "T",
  GIT_AUTHOR_EMAIL: "t@t.invalid",
  GIT_COMMITTER_NAME: "T",
  GIT_COMMITTER_EMAIL: "t@t.invalid",
};

async function project(rig: string) {
  const dir = await mkdtemp(join(tmpdir(), `gt-sample-${rig}-`));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await cp(join(sampleFolder, rig), dir, { recursive: true });
  const git = async (args: string[], input = "") =>
    (await runGit(args, { cwd: dir, env: identity, input })).stdout.trim();
  await git(["init", "--quiet", "--initial-branch=main"]);
  const commit = async (message: string) => {
    await git(["add", "-A"]);
    await git(["commit", "--quiet", "-m", message]);
    return git(["rev-parse", "HEAD"]);
  };
  const begin = await commit("begin");
  return {
    dir,
    begin,
    git,
    /** On a branch from `from`, as a polecat does. */
    apply: async (row: Row, from: string) => {
      await git(["checkout", "--quiet", "--detach", from]);
      await git(["apply", "--3way", "--index", "-"], row.metadata?.gt.patch ?? "");
      return commit(row.id);
    },
    gate: () =>
      run(process.execPath, ["test/all.js"], {
        cwd: dir,
        env: gateEnvironment(),
      }),
  };
}

/** Node's test runner behaves otherwise where it believes to be inside of another one. */
function gateEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return env;
}

test("the work is an epic with enough beads on both rigs, within and across them", () => {
  const [epic] = rows;
  expect(epic).toMatchObject({ id: "hq-demo", issue_type: "epic" });
  expect(rows.length).toBeGreaterThanOrEqual(15);
  expect(new Set(work.map(({ id }) => rigOf(id)))).toEqual(new Set(["alpha", "beta"]));
  for (const row of work) {
    expect(row.dependencies).toContainEqual(
      expect.objectContaining({ depends_on_id: "hq-demo", type: "parent-child" }),
    );
    expect(row.metadata?.gt.patch).toMatch(/^diff --git /);
  }
  const across = work.flatMap((row) => needs(row).filter((id) => rigOf(id) !== rigOf(row.id)));
  expect(across.map(rigOf)).toEqual(expect.arrayContaining(["alpha", "beta"]));
});

const firstReady = (ready: readonly Row[]) => ready[0] as Row;
const orders: readonly [string, (ready: readonly Row[]) => Row][] = [
  ["first things first", firstReady],
  ["last things first", (ready) => ready.at(-1) as Row],
  ["the middle first", (ready) => ready[Math.floor(ready.length / 2)] as Row],
];

test.for(orders)("every patch merges and the gates pass: %s", async ([, pick]) => {
  const projects = { alpha: await project("alpha"), beta: await project("beta") };
  const mains: Record<string, string> = {
    alpha: projects.alpha.begin,
    beta: projects.beta.begin,
  };
  const landed = new Map<string, string>();
  for (const row of anOrder(pick)) {
    const rig = rigOf(row.id) as "alpha" | "beta";
    const { apply, git } = projects[rig];
    // The worker may have begun as early as its last dependency allowed, or just now.
    const own = needs(row).filter((id) => rigOf(id) === rig);
    const before = own.map((id) => landed.get(id) ?? "");
    const counts = await Promise.all(before.map((at) => git(["rev-list", "--count", at])));
    const earliest = before[counts.indexOf(String(Math.max(...counts.map(Number))))];
    const main = mains[rig] ?? "";
    for (const from of [earliest ?? projects[rig].begin, main]) {
      const branch = await apply(row, from);
      await git(["checkout", "--quiet", "--detach", main]);
      await git(["merge", "--quiet", "--no-ff", "-m", `Land ${row.id}`, branch]);
    }
    mains[rig] = await git(["rev-parse", "HEAD"]);
    if (pick === firstReady) await projects[rig].gate();
    landed.set(row.id, mains[rig]);
  }
  for (const { gate } of Object.values(projects)) {
    const { stdout } = await gate();
    expect(stdout).toMatch(/fail 0/);
  }
});

test("a gate fails while the patch of a dependency is missing", async () => {
  for (const [id, need] of [
    ["alpha-parse", "alpha-imp"],
    ["alpha-cli", "alpha-parse"],
    ["beta-report", "beta-table"],
  ]) {
    const row = work.find((each) => each.id === id) as Row;
    const { apply, begin, gate } = await project(rigOf(row.id));
    const others = needs(row).filter((other) => other !== need);
    let head = begin;
    for (const other of others.filter((each) => rigOf(each) === rigOf(row.id))) {
      head = await apply(work.find((each) => each.id === other) as Row, head);
    }
    await apply(row, head).catch(() => undefined);
    await expect(gate()).rejects.toThrow();
  }
});

test("two independent beads change one file in different places", () => {
  const files = (id: string) => {
    const patch = work.find((row) => row.id === id)?.metadata?.gt.patch ?? "";
    return [...patch.matchAll(/^diff --git a\/(\S+)/gm)].map(([, path]) => path);
  };
  expect(files("alpha-imp")).toContain("src/length.js");
  expect(files("alpha-nan")).toContain("src/length.js");
  expect(files("beta-quote")).toContain("src/trips.js");
  expect(files("beta-km")).toContain("src/trips.js");
});
