import { spawn } from "node:child_process";
import module from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Where compiled code is kept between starts, unless the user has said so already.
 * @param {string} root
 */
function cacheFolder(root) {
  return process.env["NODE_COMPILE_CACHE"] ?? join(root, ".gastown", "cache", "compile");
}

/**
 * Run a script in this very process, as if Node had been started with it.
 * @param {string} root
 * @param {string} script relative to `root`
 * @param {readonly string[]} args
 */
export async function runHere(root, script, args) {
  process.env["NODE_COMPILE_CACHE"] = cacheFolder(root);
  module.enableCompileCache?.(process.env["NODE_COMPILE_CACHE"]);
  hideTypeStrippingWarning();
  const path = join(root, script);
  process.argv = [process.execPath, path, ...args];
  await import(pathToFileURL(path).href);
}

/**
 * Run a script under another Node and end as it ends.
 * @param {string} node
 * @param {string} root
 * @param {string} script relative to `root`
 * @param {readonly string[]} args
 */
export async function runThere(node, root, script, args) {
  const child = spawn(
    node,
    ["--disable-warning=ExperimentalWarning", join(root, script), ...args],
    { stdio: "inherit", env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder(root) } },
  );
  const stopForwarding = forwardSignals((signal) => child.kill(signal));
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const end = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  stopForwarding();
  if (end.signal === null) process.exit(end.code ?? 1);
  process.kill(process.pid, end.signal);
  // Reached only where the signal does not end this process.
  process.exit(128 + constants.signals[end.signal]);
}

/**
 * Pass on what this process is told. On a terminal Ctrl-C has already reached the child, and a
 * second one would read as impatience.
 * @param {(signal: NodeJS.Signals) => void} send
 */
function forwardSignals(send) {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    if (signal !== "SIGINT" || !onTerminal) send(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

/** Node 22 warns that stripping types is an experiment; the project rests on it, and tests it. */
function hideTypeStrippingWarning() {
  const emitWarning = process.emitWarning;
  process.emitWarning = /** @type {typeof process.emitWarning} */ (
    (/** @type {string | Error} */ warning, /** @type {unknown[]} */ ...rest) => {
      if (String(warning).startsWith("Type Stripping is an experimental feature")) return;
      Reflect.apply(emitWarning, process, [warning, ...rest]);
    }
  );
}
