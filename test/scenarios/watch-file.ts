import { once } from "node:events";
import { existsSync, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";

const loggedMsMax = 60_000;

/** Reads a log that others write, each line once. */
export type LogReader = {
  /** Wait for the next line that holds all these words; earlier ones are passed over for good. */
  readonly until: (...words: readonly string[]) => Promise<string>;
};

/** Wait until a file is there, such as one that a worker makes. */
export async function untilThere(path: string): Promise<void> {
  const watcher = watch(dirname(path));
  const signal = AbortSignal.timeout(loggedMsMax);
  try {
    for (;;) {
      const changed = once(watcher, "change", { signal });
      changed.catch(() => {}); // Thrown below, where it is waited for.
      if (existsSync(path)) return;
      await changed;
    }
  } catch (cause) {
    throw new Error(`${path} never came`, { cause });
  } finally {
    watcher.close();
  }
}

/** Read a log from its begin. */
export function readLog(path: string): LogReader {
  let position = 0;
  const find = (words: readonly string[]): string | undefined => {
    const text = readFileSync(path, "utf8");
    for (let end = text.indexOf("\n", position); end >= 0; end = text.indexOf("\n", position)) {
      const line = text.slice(position, end);
      position = end + 1;
      if (words.every((word) => line.includes(word))) return line;
    }
    return undefined;
  };
  return {
    until: async (...words) => {
      const signal = AbortSignal.timeout(loggedMsMax);
      const watcher = watch(path);
      try {
        for (;;) {
          const changed = once(watcher, "change", { signal });
          changed.catch(() => {}); // Thrown below, where it is waited for.
          const line = find(words);
          if (line !== undefined) return line;
          await changed;
        }
      } catch (cause) {
        const said = readFileSync(path, "utf8").split("\n").slice(-20).join("\n");
        throw new Error(`${path} never said "${words.join(" … ")}":\n${said}`, { cause });
      } finally {
        watcher.close();
      }
    },
  };
}
