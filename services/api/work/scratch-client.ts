import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { isTownError, type TownError } from "#services/rpc/town-error.ts";
import type { ScratchTown } from "../scratch-town.ts";
import { workService } from "./work-service.ts";

const { method } = WorkService;

/** The service, called as a client would, with plain messages; for tests. */
export function clientOf(town: ScratchTown) {
  const service = workService(town);
  type Name = keyof typeof service & keyof typeof method;
  type Init<N extends Name> = MessageInitShape<(typeof method)[N]["input"]>;
  return async <N extends Name>(name: N, init: Init<N>, context = town.by()) => {
    const request = create(method[name].input, init as never);
    const call = service[name] as (r: unknown, c: unknown) => ReturnType<(typeof service)[N]>;
    return call(request, context);
  };
}

/** The expected failure of a call. */
export async function failure(promise: Promise<unknown>): Promise<TownError> {
  try {
    await promise;
  } catch (error) {
    if (isTownError(error)) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

/** File a bead of alpha; returns its id. */
export async function file(call: ReturnType<typeof clientOf>, init: object): Promise<string> {
  const { bead } = await call("createBead", { title: "x", rig: "alpha", ...init });
  return bead?.id ?? "";
}
