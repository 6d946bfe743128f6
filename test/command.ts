import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { projectRoot } from "../deploy/setup/set-up.mjs";

const outputCharsMax = 200_000;

/** How a command ended, and what it said on stdout and stderr, in the order it came. */
export type Outcome = { readonly ok: boolean; readonly output: string };

/**
 * The environment of the project's tools: they are found in node_modules, and those written in
 * JavaScript run under the Node that runs this.
 */
export function toolEnv(): NodeJS.ProcessEnv {
  const folders = [join(projectRoot, "node_modules", ".bin"), dirname(process.execPath)];
  return { ...process.env, PATH: [...folders, process.env["PATH"] ?? ""].join(delimiter) };
}

/** Run one of the project's tools from its root, and keep what it says. */
export function command(name: string, ...args: readonly string[]): Promise<Outcome> {
  const child = spawn(name, args, {
    cwd: projectRoot,
    env: toolEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-outputCharsMax);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ok: code === 0, output }));
  });
}
