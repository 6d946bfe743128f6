import { writerMachine } from "#services/ledger/event.ts";
import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";
import type { RefMoved } from "./observation.ts";

const ownBranch = /^refs\/heads\/machines\/(.+)$/;

/** 15: nobody writes or reads what is another's. */
export function accessJudge(_facts: Facts, court: Court): Judge {
  return {
    hears: {
      access: ({ by, to, mayReach, reached, atMs }) => {
        court.look(15);
        if (mayReach || !reached) return;
        court.broken(15, atMs, by, `${by} reached ${to} at ${at(atMs)}, which is not its own`);
      },
      ref: (seen) => judgeBranch(court, seen),
      appended: ({ by, events, atMs }) => {
        court.look(15);
        const stranger = events.find(({ writer }) => writerMachine(writer) !== by);
        if (!stranger) return;
        court.broken(15, atMs, by, `${by} wrote as ${stranger.writer} at ${at(atMs)}`);
      },
    },
    events: {
      spawn: ({ bead, epoch = "", values }, { by, atMs }) => {
        if (values["machine"] === by) return;
        const whose = `a worker of ${values["machine"]} under ${epoch}`;
        court.broken(15, atMs, bead, `${by} wrote at ${at(atMs)} that it started ${whose}`);
      },
    },
  };
}

function judgeBranch(court: Court, { remote, ref, by, how, atMs }: RefMoved): void {
  const owner = remote === "ledger" && how === "ours" ? ownBranch.exec(ref)?.[1] : undefined;
  if (owner === undefined) return;
  court.look(15);
  if (owner === by) return;
  court.broken(15, atMs, by, `${by} moved ${ref} at ${at(atMs)}, which is ${owner}'s`);
}
