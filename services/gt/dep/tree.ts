import { create, toJson } from "@bufbuild/protobuf";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import {
  type BeadNode,
  BeadNodeSchema,
  GetBeadTreeResponseSchema,
  WorkService,
} from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { Session } from "../session.ts";
import { renderTree } from "../tree-view.ts";
import { type Declare, example } from "../verb.ts";

/** Declare `gt dep tree`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead")
    .option("--all-types", "every type of dependency, not only those that block")
    .addHelpText("after", example("gt dep tree alpha-k3f9"))
    .action(act(tree));
};

async function tree(gt: Session, id: string, { allTypes = false }: { allTypes?: boolean }) {
  const { bead } = await gt.call(WorkService.method.getBead, { id });
  if (bead === undefined) throw new TownError("not_found", `no bead ${id}`);
  const root = await nodeOf(bead, (other) => find(gt, other), allTypes);
  const { nowMs, columns, paint } = gt.terminal;
  const response = create(GetBeadTreeResponseSchema, { root });
  const json = gt.json
    ? toJson(GetBeadTreeResponseSchema, response, { alwaysEmitImplicit: true })
    : undefined;
  gt.printValue(json, renderTree(root, nowMs(), columns(), paint));
}

async function find(gt: Session, id: string): Promise<Bead | undefined> {
  try {
    return (await gt.call(WorkService.method.getBead, { id })).bead;
  } catch (error) {
    // What a bead waits for may not have arrived here yet.
    if (isTownError(error, "not_found")) return undefined;
    throw error;
  }
}

const blocking = new Set(["blocks", "conditional-blocks", "waits-for"]);
const beadsMax = 500;

/** A bead over what it waits for. A bead that was met before is shown without what is below it. */
async function nodeOf(
  bead: Bead,
  findBead: (id: string) => Promise<Bead | undefined>,
  allTypes: boolean,
  met: Set<string> = new Set([bead.id]),
): Promise<BeadNode> {
  const children: BeadNode[] = [];
  for (const { dependsOnId, type } of bead.dependencies) {
    if (!allTypes && !blocking.has(type)) continue;
    const other = met.size < beadsMax ? await findBead(dependsOnId) : undefined;
    if (other === undefined || met.has(other.id)) {
      const stub = other ?? { id: dependsOnId, title: "(not known here)" };
      children.push(create(BeadNodeSchema, { bead: stub }));
      continue;
    }
    met.add(other.id);
    children.push(await nodeOf(other, findBead, allTypes, met));
  }
  return create(BeadNodeSchema, { bead, children });
}
