import { type ChildProcess, spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { randomBase36 } from "#services/ledger/ids.ts";
import type { GateResult } from "#services/ledger/work-fields.ts";
import type { Clock } from "#services/lifecycle/clock.ts";
import { pause } from "#services/lifecycle/pause.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type ProcessTable, systemProcesses } from "#services/runtime/process-table.ts";
import { listMembers, markerVariable } from "#services/runtime/process-tree.ts";
import type { Session } from "#services/runtime/runtime.ts";
import { gateEnvironment } from "./gate-environment.ts";

/** One command to run on a commit that is checked out at `cwd`. */
export type GateCommand = {
  readonly gate: string;
  readonly command: string;
  readonly cwd: string;
  readonly commit: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** How much of a gate's output is kept: the end. */
export const gateOutputMaxBytes = 16 * 1024;

/** What a gate's exit code reads when it was stopped for taking too long, as `timeout` has it. */
export const timeoutCode = 124;

const termGraceMs = 2_000;
const drainMs = 1_000;
const killRoundMs = 20;
const killRoundsMax = 100;

type Stop = "timeout" | "abort";

/**
 * Run one gate with `sh -c` and wait for it: its own process group, nothing on stdin, no secrets.
 *
 * Whatever it started ends with it, also what left its group. A gate that says no is a result, not
 * a failure; so is one that takes too long.
 *
 * @throws TownError `unavailable` where it cannot be started, `cancelled` by the signal
 */
export async function runGate(
  wanted: GateCommand,
  { clock, table = systemProcesses() }: { readonly clock: Clock; readonly table?: ProcessTable },
): Promise<GateResult> {
  const { gate, command, cwd, commit, timeoutMs, signal } = wanted;
  const startMs = clock.nowMs();
  const marker = `gate-${randomBase36(16)}`;
  const child = spawn("/bin/sh", ["-c", command], {
    cwd,
    env: gateEnvironment(process.env, { [markerVariable]: marker }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = new Tail(gateOutputMaxBytes);
  child.stdout.on("data", (chunk: Buffer) => output.take(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.take(chunk));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const exited = exitCode(child, gate);
  const stop = watch(child, { clock, timeoutMs, signal });
  let code: number;
  try {
    code = await exited;
  } finally {
    stop.release();
  }
  const pid = child.pid ?? 0;
  // The shell itself is gone; its group, its marker and its children are what is looked for.
  await endTree({ pid, startTime: "ended", marker }, table, clock);
  const cancelDrain = clock.after(drainMs, () => {
    child.stdout.destroy();
    child.stderr.destroy();
  });
  await closed;
  cancelDrain();
  if (stop.why() === "abort") throw new TownError("cancelled", `gate ${gate} was stopped with us`);
  const elapsedMs = clock.nowMs() - startMs;
  if (stop.why() === "timeout") {
    const exitCode = timeoutCode;
    const text = `${output.text()}\n[stopped: not done after ${timeoutMs / 1000} s]`;
    return { gate, commit, passed: false, exitCode, elapsedMs, output: text.trimStart() };
  }
  return { gate, commit, passed: code === 0, exitCode: code, elapsedMs, output: output.text() };
}

function exitCode(child: ChildProcess, gate: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      const message = `gate ${gate} cannot be started: ${cause.message}`;
      reject(new TownError("unavailable", message, { cause }));
    });
    // As a shell would tell of a signal that nobody of ours sent.
    child.once("exit", (code) => resolve(code ?? 128));
  });
}

/** Ask the gate's group to end at the timeout or the signal, and make it end soon after. */
function watch(
  child: ChildProcess,
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
): { release: () => void; why: () => Stop | undefined } {
  let why: Stop | undefined;
  let cancelKill = () => {};
  const stop = (reason: Stop) => {
    if (why) return;
    why = reason;
    signalGroup(child.pid, "SIGTERM");
    cancelKill = clock.after(termGraceMs, () => signalGroup(child.pid, "SIGKILL"));
  };
  const cancelTimeout = clock.after(timeoutMs, () => stop("timeout"));
  const onAbort = () => stop("abort");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const release = () => {
    cancelTimeout();
    cancelKill();
    signal.removeEventListener("abort", onAbort);
  };
  return { release, why: () => why };
}

/** End all that a gate left running. Again and again, since what forks may outrun a listing. */
async function endTree(session: Session, table: ProcessTable, clock: Clock): Promise<void> {
  signalGroup(session.pid, "SIGKILL");
  for (let round = 0; round < killRoundsMax; round += 1) {
    const left = await listMembers(session, table);
    if (left.length === 0) return;
    for (const { pid } of left) signalOne(pid, "SIGKILL");
    await pause(clock, killRoundMs);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid) signalOne(-pid, signal);
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ESRCH: already gone.
  }
}

/** The end of what a child printed, in little memory however much that is. */
class Tail {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #heldBytes = 0;
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    this.#totalBytes += chunk.length;
    if (this.#heldBytes > 8 * this.#maxBytes) this.#fold();
  }

  text(): string {
    this.#fold();
    const bytes = this.#chunks[0] ?? Buffer.alloc(0);
    // A character that was cut in two reads as a mark of replacement; leave it out.
    const text = stripVTControlCharacters(bytes.toString("utf8").replace(/^\uFFFD+/, ""));
    const dropped = this.#totalBytes - bytes.length;
    const plain = text.replaceAll("\0", "").trimEnd();
    return dropped > 0 ? `[${dropped} bytes before this are not kept]\n${plain}` : plain;
  }

  #fold(): void {
    const held = Buffer.concat(this.#chunks);
    const kept = Buffer.from(held.subarray(Math.max(0, held.length - this.#maxBytes)));
    this.#chunks = [kept];
    this.#heldBytes = kept.length;
  }
}
