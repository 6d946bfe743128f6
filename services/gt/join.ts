import { launch } from "./launch.ts";
import { names } from "./options.ts";
import { UsageError } from "./usage-error.ts";
import { type Declare, example } from "./verb.ts";

type Options = {
  readonly machine?: string;
  readonly rigs?: string[];
  readonly polecatsMax?: string;
  readonly insecure?: boolean;
  readonly foreground?: boolean;
};

/** Declare `gt join`. */
export const declare: Declare = (command, act) => {
  command
    .option("--machine <name>", "what this machine is called")
    .option("--rigs <names>", "the rigs it serves, with commas, or all; as before if absent", names)
    .option("--polecats-max <count>", "how many polecats may work here at once")
    .option("--insecure", "join a town on another host, over a network that you trust")
    .option("--foreground", "stay until Ctrl-C, which ends the rig-agent and its polecats")
    .addHelpText("after", example("gt join --town 127.0.0.1:7420 --machine vm-b --rigs hello"))
    .action(
      act(async (gt, { machine, rigs, polecatsMax: max, insecure, foreground }: Options) => {
        const { env } = gt.terminal;
        const town = gt.globals.town ?? env["GT_TOWN"];
        if (town === undefined)
          throw new UsageError("say which town: --town host:port; `gt status` there shows it");
        const home = gt.globals.home ?? env["GT_HOME"];
        const served = rigs?.join(",");
        const how = { insecure, foreground, "polecats-max": max };
        await launch(gt, "join", { town, home, machine, rigs: served, ...how });
      }),
    );
};
