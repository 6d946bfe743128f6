import { type ListedFault, listedFaults } from "./faults-list.ts";

/** What stands for faults: an injector of the simulator, or a scenario of chaos. */
export type Standing = { readonly name: string; readonly faults: readonly number[] };

/** All that stands for faults. */
export type Standings = {
  readonly simulator: readonly Standing[];
  readonly chaos: readonly Standing[];
};

/** Faults that nobody shows though they should, and numbers that no fault has: a sentence each. */
export function gaps({ simulator, chaos }: Standings, listed = listedFaults): string[] {
  const known = new Set(listed.map(({ number }) => number));
  const strange = [...simulator, ...chaos].flatMap(({ name, faults }) =>
    faults.filter((each) => !known.has(each)).map((each) => `${name}: there is no fault ${each}`),
  );
  return [...listed.flatMap((fault) => gapsOf(fault, { simulator, chaos })), ...strange];
}

function gapsOf({ number, name, by, where }: ListedFault, { simulator, chaos }: Standings) {
  const says = `fault ${number} (${name})`;
  const missing: string[] = [];
  if ((by === "simulator" || by === "both") && namesFor(simulator, number).length === 0) {
    missing.push(`${says} has no injector in the simulator`);
  }
  if ((by === "chaos" || by === "both") && namesFor(chaos, number).length === 0) {
    missing.push(`${says} has no scenario in chaos`);
  }
  if ((by === "kernel" || by === "later") && where.length === 0) {
    missing.push(`${says} does not say where it is shown, or why not`);
  }
  return missing;
}

/** The table as it stands in the documentation. */
export function renderFaults({ simulator, chaos }: Standings, listed = listedFaults): string {
  const rows = listed.map(({ number, name, by, where }) => {
    const cells = [namesFor(simulator, number), namesFor(chaos, number)].map(code);
    const words = by === "later" ? where.join(", ") : code(where);
    return `| ${number} | ${name} | ${cells.join(" | ")} | ${words} |`;
  });
  return [
    "# Faults, and what shows that they are stood up to",
    "",
    "Generated from the lists that the simulator (`npm run sim`) and chaos (`npm run chaos`) run",
    "by; `npm run generate` writes it, and a test compares. A fault that nobody shows fails that",
    "test.",
    "",
    "| | Fault | Simulator | Chaos | Elsewhere |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function namesFor(standings: readonly Standing[], fault: number): string[] {
  return standings.flatMap(({ name, faults }) => (faults.includes(fault) ? [name] : []));
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
