import type { NatsServer } from "../../deploy/setup/nats-server.ts";
import { whyNot } from "./needs.ts";
import { type Outcome, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";

/** Two at a time keep two cores busy; more would only make each other late. */
const atOnce = 2;

/** What running scenarios needs. */
export type RunOptions = {
  readonly nats: NatsServer;
  readonly signal: AbortSignal;
  readonly isJson: boolean;
  /** Hears how it goes on. */
  readonly say: (line: string) => void;
  readonly write: (line: string) => void;
};

type Named = { readonly name: string; readonly why: string };

/** Run scenarios, two at a time; whether all that could be run have passed. */
export async function runAll(chosen: readonly Scenario[], options: RunOptions): Promise<boolean> {
  const { signal, isJson, say, write } = options;
  const startMs = performance.now();
  const waiting: Scenario[] = [];
  const skipped: Named[] = [];
  for (const scenario of chosen) {
    const why = await whyNot(scenario.needs);
    if (why === undefined) waiting.push(scenario);
    else skipped.push({ name: scenario.name, why });
  }
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
      const outcome = await runScenario(next, options);
      outcomes.push(outcome);
      tell(outcome, say);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  for (const { name, why } of [...skipped]) say(`- ${name}: skipped, ${why}`);
  const bad = outcomes.filter(({ why }) => why.length > 0);
  const failed = bad.map(({ name, why, home }) => ({
    name,
    why: [...why, `kept: ${home}`].join("; "),
  }));
  const run = outcomes.length;
  const ok = failed.length === 0 && waiting.length === 0;
  const elapsedMs = Math.round(performance.now() - startMs);
  const passed = run - failed.length;
  if (isJson) {
    write(JSON.stringify({ ok, scenarios: { run, passed, failed, skipped }, elapsedMs }));
  } else {
    const seconds = Math.round(elapsedMs / 1_000);
    write(`${passed} of ${run} scenarios passed, ${skipped.length} skipped, in ${seconds} s`);
  }
  return ok;
}

function tell({ name, why, elapsedMs, home, tails = [] }: Outcome, say: RunOptions["say"]): void {
  const seconds = (elapsedMs / 1_000).toFixed(1);
  const isGood = why.length === 0;
  const kept = isGood ? "" : `; everything is kept in ${home}`;
  say(`${isGood ? "✓" : "✗"} ${name} (${seconds} s)${kept}`);
  for (const line of [...why, ...tails]) say(`    ${line}`);
}
