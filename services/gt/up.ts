import { launch } from "./launch.ts";
import { type Declare, example } from "./verb.ts";

type Options = {
  readonly machine?: string;
  readonly polecatsMax?: string;
  readonly listen?: string;
  readonly ledger?: string;
  readonly insecure?: boolean;
};

/** Declare `gt up`. */
export const declare: Declare = (command, act) => {
  command
    .option("--machine <name>", "what this machine is called")
    .option("--polecats-max <count>", "how many polecats may work here at once")
    .option("--listen <address>", "where the town answers (127.0.0.1:7420)")
    .option("--ledger <remote>", "the ledger's git remote (a new one in the home)")
    .option("--insecure", "listen beyond loopback, where whoever reaches it may do anything")
    .addHelpText("after", example("gt up"))
    .action(
      act(async (gt, { machine, polecatsMax: max, listen, ledger, insecure }: Options) => {
        const home = gt.globals.home ?? gt.terminal.env["GT_HOME"];
        const flags = { home, machine, "polecats-max": max, listen, ledger, insecure };
        await launch(gt, "up", flags);
      }),
    );
};
