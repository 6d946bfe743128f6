import { spawn } from "node:child_process";
import { explainFailure } from "./explain-failure.mjs";

const outputCharsMax = 20_000;
const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
// No dependency needs an install script, and a machine that is offline should hear so soon.
const careful = ["--ignore-scripts", "--prefer-offline", "--fetch-retry-mintimeout=1000"];
const patient = ["--fetch-retries=2", "--fetch-retry-maxtimeout=5000"];

/**
 * Run npm without a word of its own; throws what to do where it fails.
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function npm(args, cwd, signal) {
  const { promise, resolve, reject } = deferred();
  const child = spawn("npm", [...args, ...quiet, ...careful, ...patient], {
    cwd,
    signal,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  const keep = (/** @type {Buffer} */ chunk) => {
    output = (output + chunk).slice(-outputCharsMax);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const command = `npm ${args.slice(0, 2).join(" ")}`;
  child.once("error", (error) => {
    reject(signal.aborted ? signal.reason : new Error(explainFailure(command, error.message)));
  });
  child.once("close", (code) => {
    if (code === 0) resolve();
    else reject(new Error(explainFailure(command, output)));
  });
  return promise;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function deferred() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(error: Error) => void} */
  let reject = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
}
