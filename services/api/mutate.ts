import {
  type DescMethodUnary,
  type Message,
  type MessageShape,
  toJsonString,
} from "@bufbuild/protobuf";
import type { Bead } from "#services/ledger/bead.ts";
import { forRequest, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedBase36, derivedUid, requestKey } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { CallContext } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** A request that has not been applied yet. */
export type Asked = {
  readonly principal: string;
  /** The uid of the bead that this request makes, at whatever endpoint it is applied. */
  readonly uid: string;
  /** Base-36 text of this request, for ids of what it makes. */
  readonly derive: (length: number, what: string) => string;
};

/** What a request comes to: the bead that it is about, and what is written. */
export type Decided = { readonly bead: string; readonly drafts: readonly Draft[] };

/** The bead after the request; `repeated` where an earlier call of the same request did it. */
export type Mutated = { readonly bead: Bead; readonly repeated: boolean };

/**
 * Apply a request once: the same id gives the same result, whenever and wherever it is sent.
 *
 * `decide` runs at most once, and nothing else happens between it and its events being folded.
 * Fails with `invalid` where the id was used for another request.
 */
export async function mutate<M extends DescMethodUnary>(
  ledger: Ledger,
  method: M,
  request: MessageShape<M["input"]>,
  context: Pick<CallContext, "principal" | "requestId">,
  decide: (asked: Asked) => Decided,
): Promise<Mutated> {
  const { principal, requestId } = context;
  const key = requestKey(principal, requestId);
  const content = fingerprint(method, request);
  const before = ledger.world.requested(key);
  if (before) {
    if (before.content !== "" && before.content !== content) throw reused(requestId);
    // Neither call is told of a success that a crash could still take back.
    await ledger.settled();
    return { bead: known(ledger, before.bead), repeated: true };
  }
  const { bead, drafts } = decide({
    principal,
    uid: derivedUid("request", principal, requestId),
    derive: (length, what) => derivedBase36(length, what, principal, requestId),
  });
  // A request that changes nothing is remembered too, so that it stays without effect.
  const written = drafts.length > 0 ? drafts : [setFields(bead, {})];
  await ledger.append(principal, forRequest(`${key}:${content}`, written));
  return { bead: known(ledger, bead), repeated: false };
}

/** What a request asks for, apart from its id: two requests with one id can be told apart. */
function fingerprint<M extends DescMethodUnary>(
  method: M,
  request: MessageShape<M["input"]>,
): string {
  const anonymous = { ...(request as Message & { requestId?: string }), requestId: "" };
  const text = toJsonString(method.input, anonymous as unknown as MessageShape<M["input"]>);
  return derivedBase36(10, "content", method.name, text);
}

function reused(requestId: string): TownError {
  const description = `${JSON.stringify(requestId)} was used for another request`;
  const violations = [{ field: "request_id", description }];
  return new TownError("invalid", `request_id ${description}`, { violations });
}

function known(ledger: Ledger, uid: string): Bead {
  const bead = ledger.world.bead(uid);
  if (!bead) throw new Error(`bead ${uid} is not there after it was written`);
  return bead;
}
