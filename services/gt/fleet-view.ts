import { LossPolicy, type Machine, type Rig } from "#proto/gastown/v1/fleet_service_pb.ts";
import { ago } from "./elapsed.ts";
import { machineWord } from "./health.ts";
import { oneLine } from "./one-line.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type Viewer = Pick<Terminal, "paint" | "columns" | "nowMs">;

/** Machines, a line each. */
export function machineTable(
  machines: readonly Machine[],
  viewer: Viewer,
  rigs: readonly Rig[] = [],
): string {
  const { paint, nowMs, columns } = viewer;
  const rows = machines.map((machine) => [
    oneLine(machine.name),
    machineWord(machine.state, machine.link, paint),
    `${machine.polecatsRunning}/${machine.polecatsMax}`,
    machine.rigs.length === 0 ? "all" : oneLine(machine.rigs.join(", ")),
    oneLine(authorities(machine, rigs)),
    oneLine(machine.link),
    ago(machine.beatTime, nowMs()),
    oneLine(machine.version),
  ]);
  const notes = machines.flatMap(({ name, trouble }) =>
    trouble === "" ? [] : [`${oneLine(name)} is given nothing new: ${oneLine(trouble)}`],
  );
  return [table(machineColumns, rows, columns()), ...notes].join("\n");
}

/** The rigs that it holds, and those that it is asked to take. */
export function authorities(machine: Machine, rigs: readonly Rig[]): string {
  const held = machine.authorities.map((each) => each.replace(/@.*$/, ""));
  const taken = rigs.filter(({ name, appointed, authority }) => {
    return appointed === machine.name && authority !== machine.name && !held.includes(name);
  });
  const coming = taken.map(({ name }) => `${name} (being taken)`);
  return [...machine.authorities, ...coming].join(", ") || "-";
}

const machineColumns = [
  { head: "MACHINE" },
  { head: "STATE" },
  { head: "POLECATS", align: "right" },
  { head: "RIGS", gives: true },
  { head: "AUTHORITY" },
  { head: "LINK" },
  { head: "BEAT", align: "right" },
  { head: "VERSION" },
] as const;

/** Rigs, a line each. */
export function rigTable(rigs: readonly Rig[], { columns }: Viewer): string {
  const rows = rigs.map((rig) => [
    oneLine(rig.name),
    oneLine(rig.prefix),
    oneLine(holder(rig)),
    lossWords[rig.onLoss] ?? "-",
    oneLine(rig.gates.map(({ name }) => name).join(", ")),
    oneLine(rig.target),
    oneLine(rig.remote),
  ]);
  return table(rigColumns, rows, columns());
}

const lossWords: Readonly<Record<LossPolicy, string>> = {
  [LossPolicy.UNSPECIFIED]: "-",
  [LossPolicy.WAIT]: "wait",
  [LossPolicy.REPLACE]: "replace",
};

/** Who holds a rig's authority, under which term, and who shall hold it next. */
function holder({ authority, term, appointed }: Rig): string {
  const held = authority === "" ? "-" : `${authority}@${term}`;
  return appointed === "" || appointed === authority ? held : `${held} → ${appointed}`;
}

const rigColumns = [
  { head: "RIG" },
  { head: "PREFIX" },
  { head: "AUTHORITY" },
  { head: "ON LOSS" },
  { head: "GATES" },
  { head: "TARGET" },
  { head: "REMOTE", gives: true },
] as const;
