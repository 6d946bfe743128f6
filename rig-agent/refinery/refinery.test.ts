import { expect, test, vi } from "vitest";
import { systemClock } from "#services/lifecycle/clock.ts";
import { startRefinery } from "./refinery.ts";
import { scratchRig } from "./scratch-rig.ts";

// Many real gits; a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

test("the actor lands what is submitted while it runs, and ends with its signal", async () => {
  await using rig = await scratchRig([]);
  const stop = new AbortController();
  const failures: unknown[] = [];
  let landed = () => {};
  const done = new Promise<void>((resolve) => (landed = resolve));
  const tell = ({ event }: { event: string }) => event === "landed" && landed();
  const report = (error: unknown) => failures.push(error);
  const options = { clock: systemClock, signal: stop.signal, everyMs: 60_000, report };
  const refinery = startRefinery(await rig.ports({ tell }), options);
  await rig.submit("a", { "a.txt": "a" });
  await done;
  expect(rig.bead("al-a").closeKind).toBe("merged");
  stop.abort();
  await refinery.ended;
  expect(failures).toEqual([]);
});
