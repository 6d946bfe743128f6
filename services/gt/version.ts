import manifest from "../../package.json" with { type: "json" };
import { type Declare, example } from "./verb.ts";

/** Declare `gt version`. */
export const declare: Declare = (command, act) => {
  command.addHelpText("after", example("gt version")).action(
    act(async (gt) => {
      const { version } = manifest;
      gt.printValue({ version, node: process.versions.node }, `gt ${version}`);
    }),
  );
};
