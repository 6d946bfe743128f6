import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { Fencing, FleetService, LossPolicy } from "#proto/gastown/v1/fleet_service_pb.ts";
import { oneLine } from "../one-line.ts";
import { count, gate, lengthUpTo, names } from "../options.ts";
import type { Session } from "../session.ts";
import { collect, type Declare, example } from "../verb.ts";
import { rigPage } from "./show.ts";
import { lossPolicy, lossWaitHelp, onLossHelp } from "./update.ts";

type Options = {
  readonly prefix?: string;
  readonly target?: string;
  readonly setup?: string;
  readonly gate?: string[];
  readonly machines?: string[];
  readonly runtime?: string;
  readonly polecatsMax?: number;
  readonly fencing?: Fencing;
  readonly onLoss?: LossPolicy;
  readonly lossWait?: number;
};

/** Declare `gt rig add`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "what the rig is called")
    .argument("<remote>", "a git URL, or the path of a repository")
    .option("--prefix <prefix>", "what its beads' ids begin with; the name if absent")
    .option("--target <branch>", "where work lands; the remote's default branch if absent")
    .option("--setup <command>", "run once in each new worktree")
    .option("--gate <command>", "[name=]command, must exit 0 to land; may be repeated", collect)
    .option("--machines <names>", "the machines that serve it, with commas; all if absent", names)
    .option("--runtime <runtime>", "how its polecats work, where a bead does not say")
    .option("--polecats-max <count>", "how many polecats may work on it at once", count)
    .option(
      "--fencing <how>",
      "what keeps a deposed authority from landing: chain, a ref beside the target; or main, the " +
        "target itself, for remotes that take nothing but branches",
      fencing,
    )
    .option("--on-loss <what>", onLossHelp, lossPolicy)
    .option("--loss-wait <time>", lossWaitHelp, lengthUpTo(30))
    .addHelpText("after", example('gt rig add alpha ~/alpha --setup "npm ci" --gate "npm test"'))
    .action(act(add));
};

const untested =
  "NO GATE: everything lands untested; --gate names a command that must succeed first";

/** The town probes the remote with real pushes before it answers. */
const probeTimeoutMs = 180_000;

async function add(gt: Session, name: string, remote: string, options: Options): Promise<void> {
  await gt.tell(
    FleetService.method.addRig,
    {
      requestId: gt.requestId,
      name,
      remote: await absolute(remote, gt.terminal.cwd),
      prefix: options.prefix ?? "",
      target: options.target ?? "",
      setup: options.setup ?? "",
      gates: named((options.gate ?? []).map(gate)),
      machines: options.machines ?? [],
      defaultRuntime: options.runtime ?? "",
      polecatsMax: options.polecatsMax ?? 0,
      fencing: options.fencing ?? Fencing.UNSPECIFIED,
      onLoss: options.onLoss ?? LossPolicy.UNSPECIFIED,
      lossWaitSeconds: options.lossWait ?? 0,
    },
    ({ rig, notes }) =>
      [
        rig === undefined ? "added" : rigPage(rig, gt.terminal),
        ...notes.map((note) => `  ${oneLine(note)}`),
        ...(rig?.gates.length === 0 ? ["", gt.terminal.paint.bold(untested)] : []),
      ].join("\n"),
    { timeoutMs: probeTimeoutMs },
  );
}

function fencing(text: string): Fencing {
  if (text === "chain") return Fencing.CHAIN;
  if (text === "main") return Fencing.MAIN;
  throw new InvalidArgumentError("It is chain or main.");
}

/** The town's working folder is not the caller's. */
async function absolute(remote: string, cwd: string): Promise<string> {
  const path = resolve(cwd, remote);
  const isHere = await stat(path).then(
    () => true,
    () => false,
  );
  return isHere ? path : remote;
}

/** Two gates whose commands begin alike are still two. */
function named<G extends { name: string }>(gates: readonly G[]): G[] {
  const met = new Map<string, number>();
  return gates.map((each) => {
    const times = (met.get(each.name) ?? 0) + 1;
    met.set(each.name, times);
    return times === 1 ? each : { ...each, name: `${each.name}-${times}` };
  });
}
