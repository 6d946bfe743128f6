import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What hangs on the hook that a stub of `gt` shows. */
export type StubHook = {
  readonly runtime: string;
  readonly command?: string;
  readonly patch?: string;
  readonly gates?: readonly string[];
  readonly steps?: readonly string[];
};

/** A running worker. */
export type RunningWorker = {
  /** Resolves when its output holds a text. */
  readonly printed: (text: string) => Promise<void>;
  readonly output: () => string;
  /** End its whole process group at once, as a crash does. */
  readonly kill: () => Promise<void>;
  /** Ask it to end; resolves with its exit code. */
  readonly end: () => Promise<number | null>;
  readonly exited: Promise<number | null>;
};

/** A folder with a `gt` that answers from it, and workers that find it on their PATH. */
export type ScratchGt = {
  /** Each call so far, its arguments joined. */
  readonly calls: () => Promise<string[]>;
  /** Let a call be refused, or never be answered. */
  readonly rule: (kind: "refuse" | "hold", verb: string, answer?: object) => Promise<void>;
  readonly forget: (kind: "refuse" | "hold", verb: string) => Promise<void>;
  readonly start: (respawn?: number) => RunningWorker;
};

const steps = [
  ...["load-context", "branch-setup", "implement", "commit", "self-review", "test"],
  ...["submit", "exit-decision", "request-shutdown"],
];

/** Make one below `dir` for the worktree there. */
export async function scratchGt(dir: string, worktree: string, hook: StubHook): Promise<ScratchGt> {
  const bin = join(dir, "bin");
  await mkdir(bin, { recursive: true });
  const stub = fileURLToPath(new URL("./stub-gt.ts", import.meta.url));
  await writeFile(join(bin, "gt"), `#!/bin/sh\nexec "${process.execPath}" "${stub}" "$@"\n`);
  await chmod(join(bin, "gt"), 0o755);
  const { patch, runtime, command = "", gates = [] } = hook;
  const states = (hook.steps ?? steps).map((name) => ({ name, state: "pending" }));
  const metadata = patch === undefined ? {} : { gt: { patch } };
  const bead = { id: "alpha-1", title: "Greet by name", metadata };
  const shown = { molecule: { steps: states }, bead, runtime, command, gates };
  await writeFile(join(dir, "hook.json"), JSON.stringify(shown));
  return {
    calls: async () => {
      const text = await readFile(join(dir, "calls.jsonl"), "utf8").catch(() => "");
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => (JSON.parse(line) as string[]).join(" "));
    },
    rule: (kind, verb, answer = {}) =>
      writeFile(join(dir, `${kind} ${verb}`), JSON.stringify(answer)),
    forget: (kind, verb) => rm(join(dir, `${kind} ${verb}`)),
    start: (respawn = 0) => startWorker(dir, worktree, respawn),
  };
}

function startWorker(dir: string, worktree: string, respawn: number): RunningWorker {
  const env = {
    ...process.env,
    PATH: `${join(dir, "bin")}${delimiter}${process.env["PATH"]}`,
    GT_STUB_DIR: dir,
    GT_WORKTREE: worktree,
    GT_AGENT: "rigs/alpha/polecats/nux",
    GT_BEAD: "alpha-1",
    GT_EPOCH: `1.1.${respawn}`,
  };
  const program = fileURLToPath(new URL("./worker.ts", import.meta.url));
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const child = spawn(process.execPath, [program], { cwd: worktree, env, stdio, detached: true });
  return watch(child);
}

function watch(child: ChildProcess): RunningWorker {
  let output = "";
  const heard = new Set<() => void>();
  const hear = (chunk: Buffer) => {
    output += chunk.toString("utf8");
    for (const listener of heard) listener();
  };
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  const exited = once(child, "close").then(([code]) => code as number | null);
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!output.includes(text)) return;
        heard.delete(look);
        resolve();
      };
      heard.add(look);
      void exited.then(() => reject(new Error(`it ended without "${text}":\n${output}`)));
      look();
    });
  return {
    printed,
    exited,
    output: () => output,
    kill: async () => {
      process.kill(-(child.pid as number), "SIGKILL");
      await exited;
    },
    end: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}
