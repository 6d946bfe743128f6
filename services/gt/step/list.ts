import { create } from "@bufbuild/protobuf";
import {
  type GetMoleculeResponse,
  GetMoleculeResponseSchema,
  MoleculeService,
} from "#proto/gastown/v1/molecule_service_pb.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { stepTable } from "../molecule-view.ts";
import { oneLine } from "../one-line.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt step list`. */
export const declare: Declare = (command, act) => {
  command
    .argument("[bead]", "a bead, or its molecule; your own if absent")
    .addHelpText("after", example("gt step list alpha-k3f9"))
    .action(act(list));
};

async function list(gt: Session, id: string | undefined): Promise<void> {
  const found = await find(gt, id);
  await gt.print(GetMoleculeResponseSchema, found, ({ molecule }) => {
    if (molecule === undefined) return "";
    const { id: root, formula, bead, epoch } = molecule;
    const head = `${root} (${formula}) for ${bead}, epoch ${epoch}`;
    return `${oneLine(head)}\n${stepTable(molecule.steps, gt.terminal)}`;
  });
}

async function find(gt: Session, id: string | undefined): Promise<GetMoleculeResponse> {
  if (id !== undefined) return gt.call(MoleculeService.method.getMolecule, { id });
  const { molecule } = await gt.call(MoleculeService.method.getHook, {});
  if (molecule === undefined) throw new TownError("state", "nothing hangs on your hook");
  return create(GetMoleculeResponseSchema, { molecule });
}
