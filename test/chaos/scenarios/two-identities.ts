import { readFile } from "node:fs/promises";
import { TownService } from "#proto/gastown/v1/town_service_pb.ts";
import type { Scenario } from "../scenario.ts";
import { addRig, authority } from "../stage.ts";
import { fileMany, fileWork } from "../work.ts";

/** A second, empty machine is started under the name of one that works: it is refused. */
export const twoIdentities: Scenario = {
  name: "two-identities",
  faults: [13],
  isFast: false,
  run: async (stage) => {
    await stage.join("vm-a");
    await addRig(stage);
    const { term } = await authority(stage);
    const held = await fileWork(stage, { name: "held", waits: true });
    await held.begun();
    const impostor = await stage.fleet.add("vm-a", {}, "impostor");
    const isIn = await impostor.start().then(
      () => true,
      () => false,
    );
    stage.expect(!isIn && !(await impostor.isAlive()), "the second home is refused, and ends");
    const said = await readFile(impostor.logPath, "utf8");
    for (const word of ["another home is machine vm-a", "gt machine lost vm-a --for-good"]) {
      stage.expect(said.includes(word), `it says: ${word}`);
    }
    const { checks } = await stage.rpc().client(TownService).diagnose({});
    const homes = checks.find(({ name }) => name === "homes");
    stage.expect(homes?.detail.includes("vm-a") ?? false, "the doctor tells of it");
    const works = await fileMany(stage, 3);
    held.letGo();
    for (const work of works) await work.landed();
    await held.landed();
    const last = await authority(stage);
    stage.expect(last.term === term, `nobody took another term: ${last.term}, not ${term}`);
    stage.lose(impostor);
  },
};
