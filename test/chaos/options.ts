import { parseArgs } from "node:util";
import { editDistance } from "#services/ledger/nearest-ids.ts";
import type { Scenario } from "./scenario.ts";

/** What a call of `npm run chaos` asked for. */
export type Options = {
  readonly chosen: readonly Scenario[];
  readonly isList: boolean;
  readonly isJson: boolean;
};

/** Read the arguments; `wrong` says what cannot be, and what was probably meant. Pure. */
export function readOptions(
  args: readonly string[],
  all: readonly Scenario[],
): Options | { readonly wrong: string } {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    const usage = "usage: npm run chaos [-- [--scenario NAME]... [--list] [--json] [--fast]]";
    return { wrong: `${(error as Error).message}\n${usage}` };
  }
  const { scenario: names, list: isList, json: isJson, fast } = values;
  const unknown = names.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) return { wrong: noSuch(unknown, all) };
  const named = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  return { chosen: fast ? named.filter(({ isFast }) => isFast) : named, isList, isJson };
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string", multiple: true, default: [] },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      fast: { type: "boolean", default: false },
    },
  });
  return values;
}

function noSuch(wanted: string, all: readonly Scenario[]): string {
  const [nearest] = all
    .map(({ name }) => ({ name, distance: editDistance(wanted, name, name.length) }))
    .sort((a, b) => a.distance - b.distance);
  const hint = nearest ? `; did you mean ${nearest.name}?` : "";
  return `no scenario "${wanted}"${hint} --list shows all of them`;
}
