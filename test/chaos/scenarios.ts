import type { Scenario } from "./scenario.ts";
import { killedMidWork } from "./scenarios/killed-mid-work.ts";

/** Every scenario, in the order in which they are run. */
export const scenarios: readonly Scenario[] = [killedMidWork];
