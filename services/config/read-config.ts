import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import type { z } from "zod";
import { TownError } from "#services/rpc/town-error.ts";

/** Where settings come from; flags win over the environment, that over the file. */
export type ConfigSources = {
  /** `--home x` or `--home=x`; without the program's own name. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

/**
 * Read a process's settings once, before anything starts.
 *
 * A setting `polecatsMax` is the flag `--polecats-max`, the variable `GT_POLECATS_MAX`, and the key
 * `polecats_max` of the TOML file that `--config` or `GT_CONFIG` names.
 *
 * @throws TownError `invalid` that lists every unknown or bad setting, with what is allowed
 */
export function readConfig<S extends z.ZodObject>(schema: S, sources: ConfigSources): z.infer<S> {
  const keys = Object.keys(schema.shape);
  const { values: flags, problems } = readFlags(sources.flags, keys);
  const path = flags["config"] ?? sources.env["GT_CONFIG"];
  const file = path === undefined || path === "" ? {} : readFile(path, keys, problems);
  const entries: Record<string, unknown> = {};
  for (const key of keys) {
    const fromEnv = sources.env[variable(key)];
    const value = flags[key] ?? (fromEnv === "" ? undefined : fromEnv) ?? file[key];
    if (value !== undefined) entries[key] = value;
  }
  const read = schema.safeParse(entries);
  for (const issue of read.error?.issues ?? []) {
    const key = String(issue.path[0] ?? "");
    problems.push(`${flag(key)} (${variable(key)}): ${issue.message}${allowed(schema, key)}`);
  }
  if (!read.success || problems.length > 0) {
    const list = problems.map((problem) => `\n  ${problem}`).join("");
    throw new TownError("invalid", `these settings cannot be used:${list}`, {
      violations: problems.map((description) => ({ field: "settings", description })),
    });
  }
  return read.data as z.infer<S>;
}

/** `polecatsMax` as the environment names it: `GT_POLECATS_MAX`. */
export function variable(key: string): string {
  return `GT_${snake(key).toUpperCase()}`;
}

function flag(key: string): string {
  return `--${snake(key).replaceAll("_", "-")}`;
}

function snake(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function allowed(schema: z.ZodObject, key: string): string {
  const field = schema.shape[key] as z.ZodType | undefined;
  const about = field?.description;
  return about === undefined ? "" : ` (${about})`;
}

function readFlags(
  given: readonly string[],
  keys: readonly string[],
): { values: Record<string, string>; problems: string[] } {
  const names = new Map([...keys, "config"].map((key) => [flag(key), key]));
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (let index = 0; index < given.length; index += 1) {
    const [name = "", ...rest] = (given[index] ?? "").split("=");
    const key = names.get(name);
    if (key === undefined) {
      problems.push(`${name}: no such setting; there are ${[...names.keys()].join(" ")}`);
      continue;
    }
    const following = given[index + 1];
    if (rest.length > 0) values[key] = rest.join("=");
    else if (following === undefined) problems.push(`${name}: needs a value`);
    else {
      values[key] = following;
      index += 1;
    }
  }
  return { values, problems };
}

function readFile(
  path: string,
  keys: readonly string[],
  problems: string[],
): Record<string, unknown> {
  const names = new Map(keys.map((key) => [snake(key), key]));
  let table: Record<string, unknown>;
  try {
    table = parse(readFileSync(path, "utf8"));
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return {};
  }
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(table)) {
    const key = names.get(name);
    if (key === undefined) {
      problems.push(`${path}: ${name}: no such setting; there are ${[...names.keys()].join(" ")}`);
    } else {
      values[key] = value;
    }
  }
  return values;
}
