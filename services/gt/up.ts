import { launch } from "./launch.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly machine?: string; readonly polecatsMax?: string };

/** Declare `gt up`. */
export const declare: Declare = (command, act) => {
  command
    .option("--machine <name>", "what this machine is called")
    .option("--polecats-max <count>", "how many polecats may work here at once")
    .addHelpText("after", example("npx gt up"))
    .action(
      act(async (gt, { machine, polecatsMax }: Options) => {
        const home = gt.globals.home ?? gt.terminal.env["GT_HOME"];
        await launch(gt, "up", { home, machine, "polecats-max": polecatsMax });
      }),
    );
};
