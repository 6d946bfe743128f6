import type { Observation } from "./observation.ts";
import type { RunRecord } from "./record.ts";
import { Recorder, type Verdict } from "./recorder.ts";

/** Judge a recorded run by all invariants. */
export function check({ limits, code, observations, finals, ending }: RunRecord): Verdict {
  const recorder = new Recorder(limits, code);
  for (const seen of observations) recorder.see(seen);
  const { violations, looked } = recorder.finish(finals, ending);
  return { violations, looked };
}

/** What several watchers saw, in the order of time; of one moment, in the order given. */
export function inOrder(observations: Iterable<Observation>): Observation[] {
  return [...observations].sort((a, b) => a.atMs - b.atMs);
}
