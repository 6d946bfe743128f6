import { create } from "@bufbuild/protobuf";
import { ReopenBeadRequestSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { reopenBead } from "#services/api/work/reopen-bead.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { townDesk, tryAt } from "./acts/desk.ts";
import { drain, uncordon } from "./acts/fleet.ts";
import type { Sim } from "./sim.ts";
import { townHost } from "./world.ts";

/** Chores begin within this time after the work was filed, ms. */
const spanMs = 240_000;
/** How long a drain is waited for before the machine is let work again, ms. */
const drainMsMax = 240_000;

/** What people do in a town that works well, too; ends when the last of it was asked for. */
export function doChores(sim: Sim): Promise<unknown> {
  const random = sim.world.random.split("chores");
  const { timeline } = sim.world;
  const chores: Promise<void>[] = [];
  for (let left = random.int(0, 3); left > 0; left -= 1) {
    const own = random.split(`reopen ${left}`);
    chores.push(timeline.wait(own.int(30_000, spanMs)).then(() => reopenOne(sim, own.int(0, 999))));
  }
  if (random.percent(25)) {
    const machines = [...sim.world.hosts.keys()].filter((name) => name !== townHost);
    const name = random.pick(machines);
    const deadlineSeconds = random.int(5, 60);
    chores.push(
      timeline.wait(random.int(10_000, spanMs)).then(() => drainOne(sim, name, deadlineSeconds)),
    );
  }
  return Promise.all(chores);
}

/** Somebody is not content with what has landed. */
function reopenOne(sim: Sim, which: number): void {
  const desk = townDesk(sim)();
  if (!desk) return;
  const landed = desk.ledger.world.ofType("task").filter(isMerged);
  const bead = landed[which % Math.max(1, landed.length)];
  if (!bead) return;
  const requestId = `reopen ${bead.id} ${sim.world.timeline.elapsedMs}`;
  tryAt(sim, desk, {
    requestId,
    act: async ({ ledger, process }, context) => {
      const wanted = { requestId, id: bead.id, reason: "not what was meant" };
      const request = create(ReopenBeadRequestSchema, wanted);
      await reopenBead({ ledger, nowMs: process.clock.nowMs })(request, context);
      return bead.id;
    },
  });
}

function isMerged({ status, closeKind }: Bead): boolean {
  return status === "closed" && closeKind === "merged";
}

/** Somebody drains a machine, looks until it is empty, and lets it work again. */
function drainOne(sim: Sim, name: string, deadlineSeconds: number): Promise<void> {
  const requestId = `drain ${name} for a chore`;
  const untilMs = sim.nowMs + drainMsMax;
  return new Promise((resolve) => {
    const letWork = () => {
      uncordon(sim, name, `${requestId} is over`, () => sim.nowMs < untilMs);
      resolve();
    };
    drain(sim, name, { requestId, deadlineSeconds }, letWork);
    sim.later(drainMsMax, resolve);
  });
}
