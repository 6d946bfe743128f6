import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "./set-up.mjs";

// A project of its own, without dependencies, with the real set-up in it.
const root = mkdtempSync(join(tmpdir(), "gt-launch-"));
const launcher = join(root, "deploy", "setup", "launch.mjs");

const script = `
  const [what, ...rest]: string[] = process.argv.slice(2);
  if (what === "exit") process.exitCode = Number(rest[0]);
  if (what === "die") process.kill(process.pid, "SIGKILL");
  if (what === "wait") {
    process.on("SIGTERM", () => process.exit(3)).on("SIGINT", () => process.exit(4));
    setInterval(() => {}, 1_000);
  }
  process.stdout.write(JSON.stringify(process.argv.slice(1)) + "\\n");
`;

beforeAll(() => {
  const setUp = join("deploy", "setup");
  cpSync(join(projectRoot, setUp), join(root, setUp), { recursive: true });
  const about = { name: "launched", version: "1.0.0" };
  const lock = { ...about, lockfileVersion: 3, requires: true, packages: { "": about } };
  writeFileSync(join(root, "package.json"), JSON.stringify({ ...about, type: "module" }));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
  writeFileSync(join(root, "script.ts"), script);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const launch = (...args: string[]) =>
  spawnSync(process.execPath, [launcher, ...args], { cwd: tmpdir(), encoding: "utf8" });

test("the first start sets up and says so, the second is silent; arguments and code pass", () => {
  const first = launch("script.ts", "exit", "7");
  expect(first.stderr).toMatch(
    /^gastown: setting up dependencies \(npm ci\) … done in [\d.]+ s\n$/,
  );
  expect(first.status).toBe(7);
  const second = launch("script.ts", "a b", "--c");
  expect(second).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(second.stdout)).toEqual([join(root, "script.ts"), "a b", "--c"]);
});

test("without a script it says how it is used", () => {
  expect(launch("--dev")).toMatchObject({ status: 2, stderr: expect.stringContaining("usage") });
});

/** Run the script under another process, as where the user's own Node is too old. */
function runThere(...args: string[]): ChildProcess {
  const code = `
    import { runThere } from ${JSON.stringify(join(root, "deploy", "setup", "run.mjs"))};
    const [root, ...args] = process.argv.slice(1);
    await runThere(process.execPath, root, "script.ts", args);
  `;
  const flags = ["--input-type=module", "--eval", code, root, ...args];
  return spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
}

function end(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

test("another Node's exit code and its death by a signal are passed on", async () => {
  expect(await end(runThere("exit", "5"))).toEqual({ code: 5, signal: null });
  expect(await end(runThere("die"))).toEqual({ code: null, signal: "SIGKILL" });
});

test.for([
  ["SIGTERM", 3],
  ["SIGINT", 4],
] as const)("%s reaches the script under another Node", async ([signal, code]) => {
  const child = runThere("wait");
  child.stdout?.once("data", () => child.kill(signal));
  expect(await end(child)).toEqual({ code, signal: null });
});
