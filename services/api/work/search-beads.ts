import type { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { openWork } from "#services/ledger/readiness.ts";
import { type Match, matchBead, parseQuery, type Query } from "#services/ledger/search.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import type { ApiPorts } from "../api-ports.ts";
import { beadShower, weighBead } from "../bead-message.ts";
import { invalid } from "../check.ts";
import { compareIds, cutPage } from "../page.ts";
import { takeTurns } from "../take-turns.ts";

type Hit = { readonly bead: Bead; readonly match: Match };
/** Best first, then what changed last, then by id. */
type Rank = readonly [score: number, updatedMs: number, id: string];

/** Beads in whose texts every word of a query is found, the best first. */
export function searchBeads({
  ledger,
  nowMs,
}: ApiPorts): MethodImpl<typeof WorkService.method.searchBeads> {
  const { world } = ledger;
  return async (request, { signal }) => {
    const query = parseQuery(request.query);
    if (query.length === 0) {
      throw invalid([{ field: "query", description: "must hold a word" }]);
    }
    const hits: Hit[] = [];
    for await (const bead of takeTurns(candidates(world, query, request.all), signal)) {
      const match = matchBead(bead, query);
      if (match) hits.push({ bead, match });
    }
    hits.sort((a, b) => compareRanks(rankOf(a), rankOf(b)));
    const page = cutPage(hits, request, `${request.all} ${query.join("\0")}`, {
      key: rankOf,
      compare: compareRanks,
      weigh: ({ bead }) => weighBead(bead),
    });
    const show = beadShower(world, nowMs());
    return {
      hits: page.items.map(({ bead, match }) => ({ bead: show(bead), ...match })),
      nextPageToken: page.nextPageToken,
      totalSize: hits.length,
    };
  };
}

/** What is searched: open work, or all beads of all tiers that were not deleted. */
function* candidates(world: World, query: Query, all: boolean): Iterable<Bead> {
  if (!all) return yield* openWork(world);
  for (const bead of world.all()) if (!bead.deleted) yield bead;
  for (const bead of world.found(query)) if (!bead.deleted) yield bead;
}

function rankOf({ bead, match }: Hit): Rank {
  return [match.score, Date.parse(bead.updatedAt) || 0, bead.id];
}

function compareRanks(a: Rank, b: Rank): number {
  return b[0] - a[0] || b[1] - a[1] || compareIds(a[2], b[2]);
}
