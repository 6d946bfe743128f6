import type { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { agentField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { ApiPorts } from "../api-ports.ts";
import { invalid } from "../check.ts";
import { agentRecord, type Recorded } from "./agent-record.ts";
import { attempts } from "./attempts.ts";

/** What one agent has done: its digests, and its attempts that left none. */
export function getAgentRecord({
  ledger,
}: Pick<ApiPorts, "ledger">): MethodImpl<typeof AuditService.method.getAgentRecord> {
  const { world } = ledger;
  return async (request, { signal }) => {
    if (request.name === "") throw invalid([{ field: "name", description: "must not be empty" }]);
    const all = await attempts(world, signal);
    const name = findName(request.name, all, world);
    return {
      record: agentRecord(
        name,
        all.filter(({ digest }) => digest.worker === name),
      ),
    };
  };
}

/** Agents that are gone keep their record, so what they did names them too. */
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
