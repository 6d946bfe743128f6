import type { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { mergeField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { mergeQueue } from "#services/merge-queue/queue.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { compareIds, cutPage } from "../page.ts";
import { mergeRequestShower } from "./merge-request-message.ts";

type ListMergeRequests = MethodImpl<typeof MergeQueueService.method.listMergeRequests>;

/** Requests in queue order, rig by rig; settled ones after them, the newest first. */
export function listMergeRequests({ ledger }: { readonly ledger: Ledger }): ListMergeRequests {
  const { world } = ledger;
  return async (request) => {
    const { rig, all } = request;
    const wanted = world
      .ofType("merge-request")
      // Where it has no such field, whoever wrote it means another merge queue.
      .filter((bead) => bead.fields[mergeField.name] !== undefined)
      .filter((bead) => rig === "" || mergeField.read(bead)?.rig === rig);
    const settled = all ? wanted.filter(({ status }) => status === "closed") : [];
    const listed = [...queued(world, wanted), ...settled.sort(newestFirst)];
    const places = new Map(listed.map(({ uid }, place) => [uid, place]));
    const page = cutPage(listed, request, `${rig} ${all}`, {
      // The last one may have moved since, with all behind it: its place now is what counts.
      key: ({ uid }) => ({ uid, place: places.get(uid) ?? 0 }),
      compare: (a, b) => (places.get(a.uid) ?? a.place) - (places.get(b.uid) ?? b.place),
    });
    return {
      mergeRequests: page.items.map(mergeRequestShower(world)),
      nextPageToken: page.nextPageToken,
    };
  };
}

/** Those that are not settled; what this version cannot read comes last. */
function queued(world: World, wanted: readonly Bead[]): Bead[] {
  const open = wanted.filter(({ status }) => status !== "closed");
  const rigs = [...new Set(open.map((bead) => mergeField.read(bead)?.rig ?? ""))].sort();
  const order = rigs.flatMap((rig) => mergeQueue(world, rig).map(({ uid }) => uid));
  const places = new Map(order.map((uid, place) => [uid, place]));
  const placeOf = ({ uid }: Bead) => places.get(uid) ?? order.length;
  return open.sort((a, b) => placeOf(a) - placeOf(b) || compareIds(a.id, b.id));
}

function newestFirst(a: Bead, b: Bead): number {
  const settledMs = ({ closedAt = "" }: Bead) => Date.parse(closedAt) || 0;
  return settledMs(b) - settledMs(a) || compareIds(a.id, b.id);
}
