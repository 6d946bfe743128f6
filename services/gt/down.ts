import { launch } from "./launch.ts";
import { findHomes, homePaths, onlyRunning, readHomes } from "./read-homes.ts";
import type { Session } from "./session.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly purge?: boolean; readonly force?: boolean };

/** Declare `gt down`. */
export const declare: Declare = (command, act) => {
  command
    .option("--purge", "remove the home too; refused while work has not landed")
    .option("--force", "remove it even so")
    .addHelpText("after", example("gt down"))
    .action(
      act(async (gt, { purge, force }: Options) => {
        const named = gt.globals.home ?? gt.terminal.env["GT_HOME"];
        const home = named ?? (await meantHome(gt, purge === true));
        await launch(gt, "down", { home, purge, force });
      }),
    );
};

/** What is removed must be near or named; what is only ended may be the one that runs elsewhere. */
async function meantHome(gt: Session, purges: boolean): Promise<string | undefined> {
  const near = await readHomes(homePaths(gt.hints, gt.terminal.cwd));
  if (purges) return near[0]?.path;
  const [running] = await onlyRunning(near);
  if (running !== undefined || near[0] !== undefined) return (running ?? near[0])?.path;
  return (await findHomes(gt.hints, gt.terminal.cwd))[0]?.path;
}
