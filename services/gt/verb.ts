import type { Command } from "commander";
import type { Session } from "./session.ts";

/** Turn what a verb does into what commander calls once the arguments are read. */
export type Act = <A extends unknown[]>(
  verb: (gt: Session, ...args: A) => Promise<void>,
) => (...args: A) => Promise<void>;

/** Declare a verb's arguments, and what it does, on the command that carries its name. */
export type Declare = (command: Command, act: Act) => void;

/** One verb as it stands in the table: enough for `gt --help`; its file is loaded when called. */
export type Verb = {
  readonly name: string;
  readonly summary: string;
  readonly aliases?: readonly string[];
  /** It changes something, so that it takes a request id. */
  readonly changes?: boolean;
  /** The verb that is meant where a group is named alone. */
  readonly isDefault?: boolean;
  readonly load: () => Promise<{ readonly declare: Declare }>;
};

/** A verb with verbs of its own: `gt mail send`. */
export type VerbGroup = {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Verb[];
  /** What is to be known of all of them, below the list. */
  readonly help?: string;
};

/** A heading of `gt --help` with what stands under it. */
export type Chapter = { readonly title: string; readonly verbs: readonly (Verb | VerbGroup)[] };

/** The example at the end of a verb's help. */
export function example(...lines: string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** Gather an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
