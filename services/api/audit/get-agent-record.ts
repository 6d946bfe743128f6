import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { rigOfId, rigs } from "#services/ledger/rigs.ts";
import { agentField, type Digest, digestField, workField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { invalid } from "../check.ts";
import { agentRecord, type Recorded } from "./agent-record.ts";

/** What one agent has done, from the digests of its attempts. */
export function getAgentRecord({
  ledger,
}: Pick<ApiPorts, "ledger">): MethodImpl<typeof AuditService.method.getAgentRecord> {
  const { world } = ledger;
  return async (request) => {
    if (request.name === "") throw invalid([{ field: "name", description: "must not be empty" }]);
    const all = digests(world);
    const name = findName(request.name, all, world);
    return {
      record: agentRecord(
        name,
        all.filter(({ digest }) => digest.worker === name),
      ),
    };
  };
}

function digests(world: World): Recorded[] {
  const enrolled = rigs(world);
  return world.ofType("event").flatMap((bead): Recorded[] => {
    const digest = digestField.read(bead);
    if (!digest) return [];
    const work = world.bead(workField.read(bead) ?? "");
    const rig = /^rigs\/([^/]+)\//.exec(digest.worker)?.[1] ?? rigOfId(bead.id, enrolled)?.rig.name;
    const { title = "", issueType = "" } = work ?? {};
    return [{ digest: named(digest, work?.id), title, issueType, rig: rig ?? "" }];
  });
}

/** A bead is shown by the name that it bears now. */
function named(digest: Digest, id: string | undefined): Digest {
  return id === undefined ? digest : { ...digest, bead: id };
}

/** Agents that are gone keep their record, so their digests name them too. */
function findName(wanted: string, all: readonly Recorded[], world: World): string {
  const agents = world.ofType("agent").flatMap((agent) => agentField.read(agent) ?? []);
  const names = [...new Set([...agents, ...all.map(({ digest }) => digest.worker)])].sort();
  if (names.includes(wanted)) return wanted;
  const fits = names.filter((name) => name.endsWith(`/${wanted}`));
  const [only] = fits;
  if (only !== undefined && fits.length === 1) return only;
  if (fits.length > 1) {
    throw new TownError("invalid", `${wanted} fits ${fits.join(", ")}: give the whole name`);
  }
  const known = names.length > 0 ? `; there are ${names.slice(0, 8).join(", ")}` : "";
  const resource = { type: "agent", name: wanted };
  throw new TownError("not_found", `no agent ${wanted}${known}`, { resource });
}
