import pino, { type Logger } from "pino";
import { isTownError } from "../rpc/town-error.ts";

export type { Logger } from "pino";

/** The levels that `GT_LOG_LEVEL` may name. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** One line per event worth knowing, JSON; pretty where a person looks at a terminal. */
export function openLog(options: {
  readonly name: string;
  readonly level: (typeof logLevels)[number];
}): Logger {
  const { name, level } = options;
  const serializers = { err: describeError };
  if (process.stdout.isTTY) {
    const target = { target: "pino-pretty", options: { ignore: "pid,hostname" } };
    return pino({ name, level, serializers, transport: target });
  }
  const base = { pid: process.pid };
  return pino({ name, level, base, serializers }, pino.destination({ sync: true }));
}

/** An expected failure says what it has to say in its words; a stack is for bugs. */
export function describeError(error: Error): object {
  if (!isTownError(error)) return pino.stdSerializers.err(error);
  const { reason, message } = error;
  return { type: "TownError", reason, message };
}
