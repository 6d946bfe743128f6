import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { toJsonString } from "@bufbuild/protobuf";
import { ListBeadsResponseSchema, WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { RpcClient } from "#services/rpc/client.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import type { ChaosMachine } from "./fleet.ts";
import type { Stage } from "./stage.ts";

const landedMsMax = 120_000;
const tidyMsMax = 60_000;
const sameMsMax = 60_000;

/** What a machine keeps of one session of a polecat. */
export type SessionFile = {
  readonly name: string;
  readonly agent: string;
  readonly bead: string;
  readonly epoch: string;
  readonly state: string;
  readonly worktree: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
};

/** The faults are over: wait until all work has landed, all is tidied up, and all agree. */
export async function untilQuiet(stage: Stage): Promise<void> {
  for (const work of stage.works()) await work.landed(landedMsMax);
  for (const machine of living(stage)) {
    await stage.until(
      `${machine.name} has removed every worktree`,
      async () => ((await untidy(machine)).length === 0 ? true : undefined),
      tidyMsMax,
    );
  }
  let told = "";
  await stage
    .until(
      "town and machines show the same beads",
      async () => {
        told = await differences(stage);
        return told === "" ? true : undefined;
      },
      sameMsMax,
    )
    .catch((error: unknown) => {
      throw new Error(`replicas differ at the end: ${told}`, { cause: error });
    });
}

/** Machines that run at the end. */
export function living(stage: Stage): ChaosMachine[] {
  const { machines } = stage.fleet;
  return [...machines.values()].filter((each) => each.isUp() && !stage.lost().has(each));
}

/** The sessions that a machine wrote down. */
export async function sessionsIn(machine: ChaosMachine): Promise<SessionFile[]> {
  const dir = join(machine.home, "sessions");
  const names = await readdir(dir).catch(() => []);
  const found = names.map(async (name) => {
    const text = await readFile(join(dir, name, "session.json"), "utf8").catch(() => undefined);
    return text === undefined ? [] : [JSON.parse(text) as SessionFile];
  });
  return (await Promise.all(found)).flat();
}

async function untidy(machine: ChaosMachine): Promise<SessionFile[]> {
  return (await sessionsIn(machine)).filter(({ state }) => state !== "removed");
}

/** What the town and each machine show otherwise than the town; empty where nothing. */
async function differences(stage: Stage): Promise<string> {
  const shown = await Promise.all([
    beadsAt(stage.rpc()),
    ...living(stage).map((machine) => beadsAt(stage.local(machine))),
  ]);
  const [first = [], ...others] = shown;
  for (const [index, other] of others.entries()) {
    const name = living(stage)[index]?.name;
    const at = first.findIndex((line, n) => line !== other[n]);
    if (at >= 0) return `the town has ${first[at]}; ${name} has ${other[at] ?? "nothing there"}`;
    if (other.length !== first.length) return `${name} has ${other.length} beads`;
  }
  return "";
}

async function beadsAt(rpc: RpcClient): Promise<string[]> {
  try {
    const filter = "status != tombstone";
    const answer = await rpc.client(WorkService).listBeads({ filter, pageSize: 1_000 });
    return answer.beads.map((bead) =>
      toJsonString(ListBeadsResponseSchema, { ...answer, beads: [bead] }),
    );
  } catch (error) {
    if (isTownError(error, "unavailable", "timeout")) return ["it does not answer"];
    throw error;
  }
}
