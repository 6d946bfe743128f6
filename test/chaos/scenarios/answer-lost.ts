import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany } from "../work.ts";

/** Pushes of every kind are done, and their answers lost: branch, landing, term, ledger. */
export const answerLost: Scenario = {
  name: "answer-lost",
  faults: [29],
  isFast: true,
  run: async (stage) => {
    const seen = new Map<string, number>();
    stage.git.on(({ repo, kind, refs: [ref = ""] }) => {
      if (kind !== "push") return undefined;
      const what = `${repo} ${ref.replace(/^(refs\/(heads\/)?\w+).*$/, "$1")}`;
      const times = (seen.get(what) ?? 0) + 1;
      seen.set(what, times);
      return times % 3 === 1 ? "lose-answer" : undefined;
    });
    await stage.join("vm-a");
    await addRig(stage); // Its probe of the remote is asked again too, and must not be misled.
    for (const work of await fileMany(stage, 4)) await work.landed();
    stage.git.on();
  },
};
