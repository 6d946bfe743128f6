import pino, { type Logger } from "pino";

export type { Logger } from "pino";

/** The levels that `GT_LOG_LEVEL` may name. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** One line per event worth knowing, JSON; pretty where a person looks at a terminal. */
export function openLog(options: {
  readonly name: string;
  readonly level: (typeof logLevels)[number];
}): Logger {
  const { name, level } = options;
  if (process.stdout.isTTY) {
    const target = { target: "pino-pretty", options: { ignore: "pid,hostname" } };
    return pino({ name, level, transport: target });
  }
  return pino({ name, level, base: { pid: process.pid } }, pino.destination({ sync: true }));
}
