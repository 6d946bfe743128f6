import { create, toJson } from "@bufbuild/protobuf";
import {
  CompleteStepResponseSchema,
  MoleculeService,
  type Step,
} from "#proto/gastown/v1/molecule_service_pb.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { stepPage } from "../molecule-view.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt step show`, which is what `gt step` means. */
export const declare: Declare = (command, act) => {
  command
    .argument("[step]", "its name or id; the next one if absent")
    .addHelpText("after", example("gt step", "gt step show implement"))
    .action(act(show));
};

async function show(gt: Session, wanted: string | undefined): Promise<void> {
  const { molecule, next } = await gt.call(MoleculeService.method.getHook, {});
  if (molecule === undefined) throw new TownError("state", "nothing hangs on your hook");
  if (wanted === undefined)
    return print(gt, { next }, next, "no step is ready; see `gt step list`");
  const step = molecule.steps.find(({ id, name }) => id === wanted || name === wanted);
  if (step === undefined) {
    const known = molecule.steps.map(({ name }) => name).join(", ");
    throw new TownError("not_found", `no step ${wanted}; there are ${known}`);
  }
  print(gt, { step }, step, "");
}

/** The same shape as what completing a step answers. */
function print(
  gt: Session,
  found: { step?: Step | undefined; next?: Step | undefined },
  step: Step | undefined,
  none: string,
): void {
  const { step: shown, next } = found;
  const response = create(CompleteStepResponseSchema, {
    ...(shown === undefined ? {} : { step: shown }),
    ...(next === undefined ? {} : { next }),
  });
  const json = toJson(CompleteStepResponseSchema, response, { alwaysEmitImplicit: true });
  gt.printValue(json, step === undefined ? none : stepPage(step, gt.terminal));
}
