import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Protection, protectionNamed, protections } from "./protections.ts";

/** What a run of many seeds is asked for. */
export type SimOptions = {
  readonly seeds: number;
  /** The first of them. */
  readonly seed: number;
  readonly size: { readonly machines: number; readonly rigs: number; readonly beads: number };
  readonly json: boolean;
  readonly without: Protection | undefined;
  /** How many seeds run at once. */
  readonly jobs: number;
};

/** What the command line asks for. */
export type Asked =
  | { readonly do: "run"; readonly options: SimOptions }
  /** Print the names of all protections. */
  | { readonly do: "list" }
  | { readonly do: "refuse"; readonly why: string };

/** How it is called. */
export const usage =
  "npm run sim -- [--seeds N] [--seed S] [--machines M] [--rigs R] [--beads B] [--jobs J] " +
  "[--without PROTECTION|list] [--json]";

const flags = {
  seeds: { type: "string" },
  seed: { type: "string", default: "1" },
  machines: { type: "string", default: "5" },
  rigs: { type: "string", default: "3" },
  beads: { type: "string", default: "60" },
  jobs: { type: "string" },
  without: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const bounds = {
  seeds: [1, 10_000_000],
  seed: [0, 4_294_967_295],
  machines: [1, 2_000],
  rigs: [1, 100],
  beads: [0, 100_000],
  jobs: [1, 256],
} as const;

/** Read the command line. A single `--seed` without `--seeds` is one seed; without either, 200. */
export function readOptions(args: readonly string[], cores = availableParallelism()): Asked {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args: [...args], options: flags, strict: true }));
  } catch (error) {
    return { do: "refuse", why: error instanceof Error ? error.message : String(error) };
  }
  if (values["without"] === "list") return { do: "list" };
  const seeds = args.some((arg) => /^--seed(?:=|$)/.test(arg)) ? 1 : 200;
  const given = { seeds: String(seeds), jobs: String(cores), ...values };
  const read = {} as Record<keyof typeof bounds, number>;
  for (const [name, [min, max]] of Object.entries(bounds)) {
    const text = String((given as Record<string, unknown>)[name]);
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      return { do: "refuse", why: `--${name} is a whole number from ${min} to ${max}` };
    }
    read[name as keyof typeof bounds] = value;
  }
  const asked = values["without"];
  const without = typeof asked === "string" ? protectionNamed(asked) : undefined;
  if (asked !== undefined && without === undefined) {
    const known = protections.join(", ");
    return { do: "refuse", why: `there is no protection "${asked}": there are ${known}` };
  }
  const { machines, rigs, beads, ...counts } = read;
  const json = values["json"] === true;
  return { do: "run", options: { ...counts, size: { machines, rigs, beads }, json, without } };
}
