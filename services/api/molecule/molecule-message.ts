import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { MoleculeSchema, StepSchema } from "#proto/gastown/v1/molecule_service_pb.ts";
import type { MoleculeView, StepView } from "#services/molecules/progress.ts";

/** A molecule as the API shows it. */
export function moleculeMessage(molecule: MoleculeView): MessageInitShape<typeof MoleculeSchema> {
  const { root, formula, work, epoch, steps } = molecule;
  return { id: root.id, formula, bead: work?.id ?? "", epoch, steps: steps.map(stepMessage) };
}

/** A step as the API shows it. */
export function stepMessage(step: StepView): MessageInitShape<typeof StepSchema> {
  const { bead, name, title, instructions, needs, state } = step;
  const shown = { id: bead.id, name, title, instructions, needs: [...needs], state };
  if (state !== "done") return shown;
  const completed = bead.closedAt === undefined ? undefined : new Date(bead.closedAt);
  return {
    ...shown,
    completedBy: bead.closedBy,
    summary: bead.closeReason,
    ...(completed && { completeTime: timestampFromDate(completed) }),
  };
}
