import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { Session } from "./session.ts";

/**
 * Run one of the launchers in deploy/local and end as it ends. Processes are started by deploy/
 * alone, which this folder may not import; and a town must not live inside a `gt` call.
 *
 * @param flags an absent or false value leaves its flag out; true is a flag without a value
 */
export async function launch(
  gt: Session,
  script: "up" | "down" | "join",
  flags: Readonly<Record<string, string | boolean | undefined>>,
): Promise<void> {
  const path = fileURLToPath(new URL(`../../deploy/local/${script}.ts`, import.meta.url));
  const args = flagList({ ...flags, json: gt.json });
  const child = spawn(process.execPath, [...process.execArgv, path, ...args], {
    stdio: "inherit",
    env: process.env,
  });
  const forward = () => child.kill("SIGTERM");
  gt.signal.addEventListener("abort", forward, { once: true });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  gt.signal.removeEventListener("abort", forward);
  gt.leaveWith(exitCode);
}

/** `{ home: "x", json: true }` as `--home x --json`. */
export function flagList(flags: Readonly<Record<string, string | boolean | undefined>>): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, value];
  });
}
