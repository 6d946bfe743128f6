import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { ServiceImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { addComment } from "./add-comment.ts";
import { addDependency } from "./add-dependency.ts";
import { closeBead } from "./close-bead.ts";
import { createBead } from "./create-bead.ts";
import { explainBead } from "./explain-bead.ts";
import { getBead } from "./get-bead.ts";
import { getBeadTree } from "./get-bead-tree.ts";
import { handOffBead } from "./hand-off-bead.ts";
import { importBeads } from "./import-beads.ts";
import { listBeads } from "./list-beads.ts";
import { listReadyBeads } from "./list-ready-beads.ts";
import { removeDependency } from "./remove-dependency.ts";
import { reopenBead } from "./reopen-bead.ts";
import { searchBeads } from "./search-beads.ts";
import { slingBead } from "./sling-bead.ts";
import { updateBead } from "./update-bead.ts";

/** WorkService, the same at any endpoint. */
export function workService(ports: ApiPorts): ServiceImpl<typeof WorkService> {
  return {
    createBead: createBead(ports),
    getBead: getBead(ports),
    listBeads: listBeads(ports),
    listReadyBeads: listReadyBeads(ports),
    searchBeads: searchBeads(ports),
    updateBead: updateBead(ports),
    closeBead: closeBead(ports),
    reopenBead: reopenBead(ports),
    addDependency: addDependency(ports),
    removeDependency: removeDependency(ports),
    addComment: addComment(ports),
    slingBead: slingBead(ports),
    handOffBead: handOffBead(ports),
    explainBead: explainBead(ports),
    getBeadTree: getBeadTree(ports),
    importBeads: importBeads(ports),
  };
}
