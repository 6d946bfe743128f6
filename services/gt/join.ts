import { launch } from "./launch.ts";
import { names } from "./options.ts";
import { UsageError } from "./usage-error.ts";
import { type Declare, example } from "./verb.ts";

type Options = {
  readonly machine?: string;
  readonly rigs?: string[];
  readonly polecatsMax?: string;
};

/** Declare `gt join`. */
export const declare: Declare = (command, act) => {
  command
    .option("--machine <name>", "what this machine is called")
    .option("--rigs <names>", "the rigs it serves, with commas; all if absent", names)
    .option("--polecats-max <count>", "how many polecats may work here at once")
    .addHelpText("after", example("npx gt join --town 127.0.0.1:4600 --machine vm-b --rigs beta"))
    .action(
      act(async (gt, { machine, rigs, polecatsMax }: Options) => {
        const { env } = gt.terminal;
        const town = gt.globals.town ?? env["GT_TOWN"];
        if (town === undefined) throw new UsageError("say which town: --town host:port");
        const home = gt.globals.home ?? env["GT_HOME"];
        const served = rigs?.join(",");
        const max = polecatsMax;
        await launch(gt, "join", { town, machine, rigs: served, home, "polecats-max": max });
      }),
    );
};
