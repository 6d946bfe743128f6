import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { LedgerEvent } from "#services/ledger/event.ts";
import type { RpcClient } from "#services/rpc/client.ts";
import { callMsMax, type Stage } from "./stage.ts";

/** One filed bead, whose command makes one commit. */
export type Work = {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  /** Its command has begun, under any epoch, or under one of this machine's. */
  readonly begun: (machine?: string) => Promise<string>;
  /** Let a command that waits go on. */
  readonly letGo: () => void;
  /** How many drafts of its own and of earlier attempts the command of an epoch found. */
  readonly drafts: (epoch: string) => number;
  readonly claimed: (isIt?: (claim: LedgerEvent) => boolean) => Promise<LedgerEvent>;
  readonly landed: (timeoutMs?: number) => Promise<LedgerEvent>;
};

/** How work is filed. */
export type Wanted = {
  readonly name: string;
  /** The command waits in the middle, with a draft that it has not committed. */
  readonly waits?: boolean;
  readonly machine?: string;
  readonly rig?: string;
  /** Whom to file it with; the town unless given. */
  readonly with?: RpcClient;
};

/** File one bead and sling it. */
export async function fileWork(stage: Stage, wanted: Wanted): Promise<Work> {
  const { name, waits = false, machine = "", rig = "alpha" } = wanted;
  const dir = join(stage.home, "marks", name);
  mkdirSync(dir, { recursive: true });
  const draft = `words/of-${name}.draft`;
  const begin =
    `mkdir -p words; echo draft >> ${draft}; ` +
    `cp ${draft} "${dir}/draft-$GT_EPOCH"; touch "${dir}/$GT_EPOCH"`;
  const wait = `until [ -e ${dir}/go ]; do sleep 0.05; done`;
  const end = `rm -f ${draft}; echo ${name} > words/of-${name}.txt`;
  const command = [begin, ...(waits ? [wait] : []), end].join("; ");
  const limits = { timeoutMs: callMsMax, signal: stage.signal };
  const work = (wanted.with ?? stage.rpc()).client(WorkService);
  const { bead } = await work.createBead({ rig, title: name }, limits);
  const { id = "", uid = "" } = bead ?? {};
  await work.slingBead({ id, runtime: "shell", command, machine }, limits);
  const filed = handle(stage, { id, uid, name }, dir);
  stage.filed(filed);
  return filed;
}

/** File many at once. */
export function fileMany(
  stage: Stage,
  count: number,
  wanted: Omit<Wanted, "name"> & { readonly prefix?: string } = {},
): Promise<Work[]> {
  const { prefix = "word", ...rest } = wanted;
  const names = Array.from({ length: count }, (_, n) => `${prefix}-${n + 1}`);
  return Promise.all(names.map((name) => fileWork(stage, { ...rest, name })));
}

function handle(
  stage: Stage,
  { id, uid, name }: Pick<Work, "id" | "uid" | "name">,
  dir: string,
): Work {
  const ofMachine = (epoch: string, machine: string | undefined) => {
    if (machine === undefined) return true;
    const events = stage.journals.events();
    const claims = events.filter(({ op, bead }) => op === "claim" && bead === uid);
    const claim = claims.find((each) => epoch.startsWith(`${each.epoch}.`));
    return claim?.values["machine"] === machine;
  };
  return {
    id,
    uid,
    name,
    begun: (machine) =>
      stage.until(`${id} (${name}) is begun${machine ? ` by ${machine}` : ""}`, () =>
        readdirSync(dir).find((mark) => /^[\d.]+$/.test(mark) && ofMachine(mark, machine)),
      ),
    letGo: () => {
      if (!existsSync(join(dir, "go"))) writeFileSync(join(dir, "go"), "");
    },
    drafts: (epoch) => readFileSync(join(dir, `draft-${epoch}`), "utf8").split("\n").length - 1,
    claimed: (isIt = () => true) =>
      stage.event(
        `${id} is claimed`,
        (event) => event.op === "claim" && event.bead === uid && isIt(event),
      ),
    landed: (timeoutMs) =>
      stage.event(
        `${id} (${name}) is closed as merged`,
        ({ op, bead, values }) => op === "close" && bead === uid && values["kind"] === "merged",
        timeoutMs,
      ),
  };
}
