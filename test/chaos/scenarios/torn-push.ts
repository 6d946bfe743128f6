import { clearRemoteLocks } from "../git-backend.ts";
import type { GitFault } from "../git-http.ts";
import type { Scenario } from "../scenario.ts";
import { addRig } from "../stage.ts";
import { isLanding } from "../steps.ts";
import { fileMany } from "../work.ts";

/** The remote dies in the middle of landings, before and between its refs; its locks stay on. */
export const tornPush: Scenario = {
  name: "torn-push",
  faults: [47],
  isFast: true,
  run: async (stage) => {
    await stage.join("vm-a");
    await addRig(stage);
    for (const fault of ["kill-half-done", "kill-prepared"] satisfies GitFault[]) {
      const torn = Promise.withResolvers<void>();
      let isTorn = false;
      stage.git.on((call) => {
        if (!isLanding(call) || isTorn) return undefined;
        isTorn = true;
        setImmediate(torn.resolve);
        return fault;
      });
      await fileMany(stage, 2, { prefix: fault });
      await torn.promise;
      await stage.last(2_500);
      const locks = await clearRemoteLocks(stage.git.dir("alpha"));
      stage.expect(locks.length > 0, `${fault}: the remote left no locks`);
      for (const work of stage.works()) await work.landed();
    }
    stage.git.on();
  },
};
