import { type Machine, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { ago } from "../elapsed.ts";
import { oneLine } from "../one-line.ts";
import type { Terminal } from "../terminal.ts";

/** How far a drain has come, a line each; none where nobody asked for one. */
export function drainLines(
  { drain, name, state }: Machine,
  { nowMs }: Pick<Terminal, "nowMs">,
): string[] {
  if (drain === undefined) return [];
  const { remaining, authorities, notes, by, startTime, deadline, doneTime } = drain;
  const now = nowMs();
  if (doneTime !== undefined) return [`  ${oneLine(name)} is empty, ${ago(doneTime, now)}`];
  if (state === MachineState.LOST) return [`  ${oneLine(name)} is lost: nobody empties it`];
  const left = [
    ...remaining.map(oneLine),
    ...authorities.map((rig) => `the authority of ${oneLine(rig)}`),
  ];
  const what =
    left.length > 0
      ? left.join(", ")
      : "nothing that it works on or holds; it pushes what it has and says so";
  return [
    `  Drain asked for by ${oneLine(by)}, ${ago(startTime, now)}`,
    `  Left: ${what}`,
    ...(remaining.length > 0
      ? [`  What it still works on is handed off ${ago(deadline, now)}`]
      : []),
    ...notes.map((note) => `    ${oneLine(note)}`),
  ];
}
