import { launch } from "./launch.ts";
import { homePaths, readHomes } from "./read-homes.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly purge?: boolean; readonly force?: boolean };

/** Declare `gt down`. */
export const declare: Declare = (command, act) => {
  command
    .option("--purge", "remove the home too; refused while work has not landed")
    .option("--force", "remove it even so")
    .addHelpText("after", example("npx gt down"))
    .action(
      act(async (gt, { purge, force }: Options) => {
        const paths = homePaths(gt.hints, gt.terminal.cwd);
        const [nearest] = await readHomes(paths);
        const home = gt.globals.home ?? gt.terminal.env["GT_HOME"] ?? nearest?.path;
        await launch(gt, "down", { home, purge, force });
      }),
    );
};
