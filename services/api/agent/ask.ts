import { z } from "zod";
import type { Bus } from "#services/bus/bus.ts";
import { askSubject, askSubjects, parseSubject } from "#services/bus/subjects.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** What may be asked of a machine about its polecats, with the answers' shapes. */
export const asks = {
  peek: {
    request: z.object({ agent: z.string(), lines: z.number().int().min(0).max(200) }),
    answer: z.object({ output: z.array(z.string()) }),
  },
  logs: {
    request: z.object({ agent: z.string(), fromByte: z.number().int() }),
    answer: z.object({ lines: z.array(z.string()), nextByte: z.number().int() }),
  },
  nudge: {
    /** `id` names the nudge: the same one asked twice arrives once. */
    request: z.object({ agent: z.string(), message: z.string(), id: z.string() }),
    answer: z.object({ delivered: z.string() }),
  },
} as const;

export type Verb = keyof typeof asks;
export type AskRequest<V extends Verb> = z.infer<(typeof asks)[V]["request"]>;
export type AskAnswer<V extends Verb> = z.infer<(typeof asks)[V]["answer"]>;

/** Ask one machine. Throws `unavailable` when it cannot be reached. */
export type Ask = <V extends Verb>(
  machine: string,
  verb: V,
  request: AskRequest<V>,
) => Promise<AskAnswer<V>>;

/** How a machine answers each ask. */
export type Answers = {
  readonly [V in Verb]: (request: AskRequest<V>) => Promise<AskAnswer<V>>;
};

const timeoutMs = 3_000;

/** Ask machines over the bus. */
export function askOverBus(bus: Bus, town: string): Ask {
  return async (machine, verb, request) => {
    const subject = askSubject(town, machine, verb);
    const reply = await bus.request(subject, encode(request), timeoutMs);
    return asks[verb].answer.parse(decode(reply)) as AskAnswer<typeof verb>;
  };
}

/** Answer what is asked of this machine; returns how to stop. */
export function answerAsks(bus: Bus, town: string, machine: string, answers: Answers): () => void {
  const responder = bus.respond(askSubjects(town, machine), async (payload, subject) => {
    const parts = parseSubject(subject);
    const verb = parts?.kind === "ask" ? parts.verb : "";
    if (!isVerb(verb)) throw new TownError("unimplemented", `${machine} knows no ask ${verb}`);
    return encode(await answer(answers, verb, decode(payload)));
  });
  return responder.stop;
}

/** Answer for our own machine directly, and ask the others. */
export function askNearby(machine: string, answers: Answers, others: Ask): Ask {
  return (of, verb, request) =>
    of === machine ? answers[verb](request as never) : others(of, verb, request);
}

function answer<V extends Verb>(answers: Answers, verb: V, body: unknown): Promise<AskAnswer<V>> {
  const request = asks[verb].request.safeParse(body);
  if (!request.success) {
    throw new TownError("invalid", `ask ${verb}: ${z.prettifyError(request.error)}`);
  }
  return answers[verb](request.data as never) as Promise<AskAnswer<V>>;
}

function isVerb(verb: string): verb is Verb {
  return Object.hasOwn(asks, verb);
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
