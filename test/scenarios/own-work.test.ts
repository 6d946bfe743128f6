import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runGit } from "#services/git/run-git.ts";
import { commitFiles } from "#services/git/scratch-remote.ts";
import { type GtRun, runGt } from "./gt.ts";
import { whoIsLeft } from "./left-behind.ts";
import { scratchFolder, start } from "./running.ts";

const sceneMs = 120_000;

/** A folder with a project of the user's in it, as `git init` and a commit leave one. */
async function desk() {
  const dir = await scratchFolder();
  const project = join(dir, "notes");
  await mkdir(project);
  await runGit(["init", "--quiet", "--initial-branch=main"], { cwd: project });
  await commitFiles(project, { "README.md": "# notes\n" }, "begin");
  onTestFinished(async () => {
    await runGt(["down", "--purge", "--force"], { cwd: dir });
  });
  const gt = (...args: readonly string[]) => runGt(args, { cwd: dir });
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const { code, stdout, stderr } = await gt(...args, "--json");
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as T;
  };
  return { dir, project, gt, json, home: join(dir, ".gastown", "town") };
}

const refused = (run: GtRun, words: string) => {
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(words);
};

test("up, add, create, sling, watch: the change is on one's own main; down leaves nothing", {
  timeout: sceneMs,
}, async () => {
  const { dir, project, gt, json, home } = await desk();
  const up = await json<{ address: string; wasUp: boolean; home: string }>("up");
  expect(up).toMatchObject({ wasUp: false, home });
  expect(await json("up")).toMatchObject({ wasUp: true, address: up.address });
  await json("rig", "add", "notes", "./notes", "--gate", "test -s README.md");
  const { bead } = await json<{ bead: { id: string } }>("create", "Greet", "--rig", "notes");
  refused(await gt("down", "--purge"), `${bead.id}  open  Greet`);
  expect(
    (await gt("sling", bead.id, "--runtime", "shell", "--command", "echo hi > hi.txt")).code,
  ).toBe(0);
  expect((await gt("watch", bead.id, "--until-closed")).code).toBe(0);
  expect(await readFile(join(project, "hi.txt"), "utf8")).toBe("hi\n");
  const { stdout: log } = await runGit(["log", "--format=%s", "-1"], { cwd: project });
  expect(log).toContain(bead.id);
  const down = await gt("down", "--purge");
  expect(down.code, down.stderr).toBe(0);
  expect(existsSync(home)).toBe(false);
  expect(await whoIsLeft(dir)).toEqual([]);
});

test("a second machine joins in another terminal, and Ctrl-C there ends it alone", {
  timeout: sceneMs,
}, async () => {
  const { dir, gt, json } = await desk();
  const { address } = await json<{ address: string }>("up", "--machine", "first");
  const home = join(dir, "second");
  const flags = ["--machine", "second", "--home", home];
  const join2 = start("deploy/local/join.ts", ["--town", address, ...flags, "--foreground"]);
  await join2.until(/second has joined the town town/);
  const { machines } = await json<{ machines: { name: string }[] }>("machine", "list");
  expect(machines.map(({ name }) => name)).toEqual(["first", "second"]);
  const elsewhere = await runGt(["join", "--town", "127.0.0.1:1", ...flags], { cwd: dir });
  refused(elsewhere, `belongs to the town at ${address}: join that by`);
  expect(await json("status")).toMatchObject({ address });
  join2.child.kill("SIGINT");
  expect((await join2.ended).code).toBe(0);
  expect(await whoIsLeft(home)).toEqual([]);
  expect((await gt("status")).code).toBe(0);
});

test("it goes on after down and up, at the same address, with all its machines", {
  timeout: sceneMs,
}, async () => {
  const { dir, gt, json } = await desk();
  const { address } = await json<{ address: string }>("up", "--machine", "first");
  const more = await gt("up", "--machine", "second", "--polecats-max", "2");
  expect(more.stdout).toContain("machine second started, beside first");
  expect(more.stdout).toContain(`join --town ${address} --machine vm-b`);
  const ignored = await gt("up", "--polecats-max", "9");
  expect(ignored.stderr).toContain("--polecats-max takes effect after `gt down`");
  await json("rig", "add", "notes", "./notes");
  const { bead } = await json<{ bead: { id: string } }>("create", "Later", "--rig", "notes");
  const elsewhere = await scratchFolder();
  const env = { XDG_STATE_HOME: join(dir, ".state") };
  const status = await runGt(["status"], { cwd: elsewhere, env });
  expect(status.stdout).toContain(address);
  const down = await gt("down");
  expect(down.code).toBe(0);
  expect(down.stdout).toMatch(/^ {2}machine (first|second) ended\n/);
  expect(await gt("list")).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("no town runs here"),
  });
  expect((await runGt(["status"], { cwd: elsewhere, env })).code).toBe(3);
  const machines = ["first", "second"];
  expect(await json("up")).toMatchObject({ address, machines, started: machines });
  const shown = await json<{ bead: { title: string } }>("show", bead.id);
  expect(shown.bead.title).toBe("Later");
});

test("what cannot be is refused with the reason, and nothing is left running", {
  timeout: sceneMs,
}, async () => {
  const { dir, gt, home } = await desk();
  refused(await gt("down"), "there is no town in");
  refused(await gt("up", "--listen", "0.0.0.0:0"), "can be reached from other hosts");
  refused(await gt("join", "--town", "192.0.2.1:4600"), "is on another host");
  const silent = await gt("join", "--town", "127.0.0.1:1");
  expect(silent.code).toBe(3);

  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as { port: number };
  const taken = await gt("up", "--listen", `127.0.0.1:${port}`);
  server.close();
  expect(taken.code).toBe(3);
  expect(taken.stderr).toContain(`127.0.0.1:${port} is in use`);

  const foreign = join(dir, "foreign");
  await mkdir(foreign);
  await writeFile(join(foreign, "thesis.txt"), "precious");
  refused(await gt("up", "--home", foreign), "cannot be a home: it holds other things");
  refused(await gt("down", "--purge", "--force", "--home", foreign), "is no home of Gas Town");
  expect(existsSync(join(foreign, "thesis.txt"))).toBe(true);

  const away = await gt("up", "--ledger", join(dir, "no-such.git"));
  expect(away.code).not.toBe(0);
  expect(away.stderr).toContain("no-such.git");
  expect(await whoIsLeft(home)).toEqual([]);
});
