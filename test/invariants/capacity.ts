import type { LedgerEvent } from "#services/ledger/event.ts";
import { drainedField } from "#services/ledger/machines.ts";
import { at, type Court, type Judge } from "./court.ts";
import { type Facts, fieldsOf, hostOf } from "./facts.ts";
import type { Appended, Worker } from "./observation.ts";

/** 11 and 18: no more workers than there is room for, and none where a drain is done. */
export function capacityJudge(facts: Facts, court: Court): Judge {
  const limits = new Map<string, number>();
  return {
    hears: {
      capacity: ({ of, name, polecatsMax }) => void limits.set(`${of} ${name}`, polecatsMax),
      worker: (seen) => {
        if (seen.what === "started") judgeStart(facts, court, limits, seen);
      },
    },
    events: { set: (event, seen) => judgeDrained(facts, court, event, seen) },
  };
}

function judgeStart(
  facts: Facts,
  court: Court,
  limits: ReadonlyMap<string, number>,
  seen: Worker,
): void {
  const { machine, rig, bead, atMs } = seen;
  const running = [...facts.running.values(), seen];
  const here = running.filter((each) => hostOf(each) === hostOf(seen)).length;
  const room = limits.get(`machine ${machine}`);
  if (room !== undefined) {
    court.look(11);
    const what = `${machine} has room for ${room} and ran ${here} at ${at(atMs)}`;
    if (here > room) court.broken(11, atMs, bead, what);
  }
  const share = limits.get(`rig ${rig}`) ?? 0;
  if (share === 0) return;
  court.look(11);
  // Workers that a higher claim has overtaken may run on where nobody can tell them.
  const effective = running.filter((each) => each.rig === rig && facts.isEffective(each)).length;
  const what = `${rig} may have ${share} and had ${effective} at ${at(atMs)}`;
  if (effective > share) court.broken(11, atMs, bead, what);
}

function judgeDrained(facts: Facts, court: Court, event: LedgerEvent, { atMs }: Appended): void {
  const drained = fieldsOf(event)[drainedField.name];
  if (drained === undefined || drained === null) return;
  court.look(18);
  const machine = facts.machines.get(event.bead) ?? event.actor.replace("machines/", "");
  const left = [...facts.running.values()].filter((each) => each.machine === machine);
  const [one] = left;
  if (!one) return;
  const what = `${machine} said at ${at(atMs)} that its drain is done`;
  court.broken(18, atMs, machine, `${what}, with ${left.length} left, one of them ${one.agent}`);
}
