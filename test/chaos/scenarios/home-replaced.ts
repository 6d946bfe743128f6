import { readFile } from "node:fs/promises";
import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A machine falls silent, an empty home takes its name, and then the first one is back. */
export const homeReplaced: Scenario = {
  name: "home-replaced",
  faults: [13],
  isFast: false,
  run: async (stage) => {
    const former = await stage.join("vm-a");
    await addRig(stage);
    await (await fileWork(stage, { name: "first" })).landed();
    await stage.atRemote(former, "what was written before is pushed");
    former.pause();
    const next = await stage.fleet.add("vm-a", {}, "next");
    await stage.until("the town lets the other home in, once the first is silent for long", () =>
      next.start().then(
        () => true,
        () => undefined,
      ),
    );
    former.resume();
    await stage.until("the first home ends by itself", async () =>
      (await former.isAlive()) ? undefined : true,
    );
    const said = await readFile(former.logPath, "utf8");
    stage.expect(said.includes("another home is machine vm-a now"), "and says why");
    const again = await former.start().then(
      () => "it serves",
      (error: Error) => error.message,
    );
    stage.expect(again.includes("gt machine lost vm-a --for-good"), `started anew: ${again}`);
    for (const work of await fileMany(stage, 3)) await work.landed();
    stage.lose(former);
  },
};
