import picocolors from "picocolors";

/** How to colour text; each colour leaves it as it is where colours are not wanted. */
export type Paint = ReturnType<typeof picocolors.createColors>;

/** Text as it is. */
export const plainPaint: Paint = picocolors.createColors(false);

/** Text that is drawn again in the place where it stands. */
export type Redraw = {
  readonly show: (text: string) => void;
  /** Leave the last text where it is. */
  readonly done: () => void;
};

/** What `gt` reads from and writes to. */
export type Terminal = {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Everything on standard input. */
  readonly readInput: () => Promise<string>;
  /** Whether people look at the output as it comes. */
  readonly isTty: boolean;
  /** Begin a text that changes; for people only. */
  readonly redraw: () => Promise<Redraw>;
  /** Display columns; `Infinity` where nobody counts them. */
  readonly columns: () => number;
  readonly paint: Paint;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly nowMs: () => number;
};

/** The terminal, or the pipes, of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process;
  return {
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    readInput: async () => {
      let text = "";
      for await (const piece of stdin.setEncoding("utf8")) text += String(piece);
      return text;
    },
    isTty: stdout.isTTY === true,
    redraw: async () => {
      const { createLogUpdate } = await import("log-update");
      return createRedraw(createLogUpdate(stdout));
    },
    columns: () => (stdout.isTTY ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY),
    paint: picocolors.createColors(wantsColours(env, stdout.isTTY === true)),
    env,
    cwd: process.cwd(),
    nowMs: () => Date.now(),
  };
}

function createRedraw(update: { (text: string): void; done(): void }): Redraw {
  return { show: (text) => update(text), done: () => update.done() };
}

/** Colours are for terminals, unless the environment says otherwise (no-color.org). */
export function wantsColours(env: Terminal["env"], isTty: boolean): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return isTty && env["TERM"] !== "dumb";
}
