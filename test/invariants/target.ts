import { at, type Court, type Judge } from "./court.ts";
import type { Facts } from "./facts.ts";

/** 7: our pushes move a target forward only, to commits whose gates pass. */
export function targetJudge({ code }: Facts, court: Court): Judge {
  return {
    hears: {
      ref: ({ remote, ref, how, isForward, by, from, to, atMs }) => {
        if (ref !== `refs/heads/${code[remote]?.target}`) return;
        if (how !== "ours" && how !== "torn") return;
        court.look(7);
        if (isForward) return;
        const moved = `${by} moved the target of ${remote} from ${from} to ${to || "nothing"}`;
        court.broken(7, atMs, remote, `${moved} at ${at(atMs)}, which does not follow it`);
      },
      landed: ({ rig, commit, bead, by, holds, atMs }) => {
        if (holds === undefined) return;
        court.look(7);
        if (holds) return;
        const what = `${by} landed ${commit} in ${rig} at ${at(atMs)}`;
        court.broken(7, atMs, bead, `${what}, and its gates do not pass there`);
      },
    },
  };
}
