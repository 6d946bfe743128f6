import { type GetHookResponse, MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { facts } from "./facts.ts";
import { stepPage, stepTable } from "./molecule-view.ts";
import { oneLine } from "./one-line.ts";
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt hook`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[agent]", "whose hook, as rigs/alpha/polecats/nux; your own if absent")
    .addHelpText("after", example("gt hook"))
    .action(
      act(async (gt, agent = "") =>
        gt.tell(MoleculeService.method.getHook, { agent: String(agent) }, (hook) =>
          page(hook, gt.terminal),
        ),
      ),
    );
};

function page(hook: GetHookResponse, terminal: Terminal): string {
  const { agent, molecule, bead, next } = hook;
  if (molecule === undefined) return oneLine(`nothing hangs on the hook of ${agent || "you"}`);
  const { paint } = terminal;
  return [
    paint.bold(oneLine(bead === undefined ? molecule.bead : `${bead.id}  ${bead.title}`)),
    facts([
      ["Agent", agent],
      ["Molecule", `${molecule.id} (${molecule.formula})`],
      ["Epoch", molecule.epoch],
      ["Worktree", hook.worktree],
      ["Branch", hook.branch],
      ["Go on from", hook.continueFrom],
      ["Runtime", hook.runtime],
      ["Command", hook.command],
      ["Gates", hook.gates.join("; ")],
    ]),
    "",
    stepTable(molecule.steps, terminal),
    "",
    next === undefined
      ? "All steps are done: `gt exit` and `gt shutdown` if you have not."
      : stepPage(next, terminal),
  ].join("\n");
}
