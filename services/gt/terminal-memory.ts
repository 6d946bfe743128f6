import { run } from "./run.ts";
import { plainPaint, type Terminal } from "./terminal.ts";

/** What one call of `gt` came to. */
export type Told = { readonly exitCode: number; readonly out: string; readonly err: string };

/** Where a call is made from; the rest is as where nobody looks at a screen. */
export type Place = Partial<Terminal> & Pick<Terminal, "env" | "cwd" | "nowMs">;

/** Run `gt` on a terminal that keeps what is written, and return it. */
export async function runInMemory(
  args: readonly string[],
  place: Place,
  signal: AbortSignal = new AbortController().signal,
): Promise<Told> {
  const told = { out: "", err: "" };
  const terminal: Terminal = {
    write: (text) => {
      told.out += text;
    },
    writeError: (text) => {
      told.err += text;
    },
    readInput: async () => "",
    isTty: false,
    redraw: async () => ({ show: () => {}, done: () => {} }),
    columns: () => Number.POSITIVE_INFINITY,
    paint: plainPaint,
    ...place,
  };
  const exitCode = await run(args, terminal, signal);
  return { exitCode, ...told };
}
