import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AuditService } from "#proto/gastown/v1/audit_service_pb.ts";
import { type ScratchTown, scratchTown } from "../scratch-town.ts";
import { auditService } from "./audit-service.ts";

const { method } = AuditService;

/** A scratch town whose record can be asked with plain messages; for tests. */
export async function scratchAudit(town?: ScratchTown) {
  return auditOf(town ?? (await scratchTown()));
}

/** The record of a town that is there. */
function auditOf(town: ScratchTown) {
  const service = auditService(town);
  type Name = keyof typeof service;
  type Init<N extends Name> = MessageInitShape<(typeof method)[N]["input"]>;
  const ask = async <N extends Name>(name: N, init: Init<N>) => {
    const call = service[name] as (r: unknown, c: unknown) => ReturnType<(typeof service)[N]>;
    return call(create(method[name].input, init as never), town.by());
  };
  return { ...town, ask };
}
