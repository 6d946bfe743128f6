import { setTimeout as sleep } from "node:timers/promises";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import type { Place } from "./find-town.ts";

/** What asking around needs. */
export type ReachPorts<Client> = {
  readonly places: () => Promise<readonly Place[]>;
  readonly connect: (place: Place) => Promise<Client>;
  readonly close: (client: Client) => void;
  /** Told once when another place answers in the stead of one that does not. */
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
};

/** Someone who answers. */
export type Reach<Client> = {
  /** Ask the first place that answers; the same one as before while it does. */
  readonly ask: <T>(question: (client: Client) => Promise<T>) => Promise<T>;
  /** Who was asked last. */
  readonly current: () => Place | undefined;
  readonly close: () => void;
};

const retryDelayMs = 250;

/**
 * Ask one place after the other until one answers.
 *
 * Only somebody who is away moves it on to the next place: a town that answers, but cannot reach
 * something else, has answered. That is safe for changes too: a request id makes the second asking
 * of the same thing the first one.
 *
 * @param waitMs how long to go round again while nobody answers
 */
export function openReach<Client>(ports: ReachPorts<Client>, waitMs: number): Reach<Client> {
  const clients = new Map<Place, Client>();
  let current: Place | undefined;
  let told: Place | undefined;

  async function clientOf(place: Place): Promise<Client> {
    const known = clients.get(place);
    if (known !== undefined) return known;
    const client = await ports.connect(place);
    clients.set(place, client);
    return client;
  }

  async function askAround<T>(places: readonly Place[], question: (client: Client) => Promise<T>) {
    let failure: unknown;
    for (const place of places) {
      try {
        const answer = await question(await clientOf(place));
        settleOn(place, places[0]);
        return answer;
      } catch (error) {
        if (!isAway(error)) {
          settleOn(place, places[0]);
          throw error;
        }
        // What the first one failed with says most, unless another one says that it alone can.
        failure = failure === undefined || isTheTowns(error) ? error : failure;
      }
    }
    throw failure;
  }

  /** Go on with whoever answered, and say so where that is not the one who was asked first. */
  function settleOn(place: Place, first: Place | undefined): void {
    if (first !== undefined && place !== first && place !== told) {
      ports.notice(`${first.what} does not answer; asking ${place.what}`);
      told = place;
    }
    current = place;
  }

  async function ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const places = await ports.places();
    if (places.length === 0) {
      throw new TownError("unavailable", "no town runs here", { isAway: true });
    }
    const deadlineMs = performance.now() + waitMs;
    for (;;) {
      const first = current === undefined ? 0 : places.indexOf(current);
      const turn = [...places.slice(first), ...places.slice(0, first)];
      try {
        return await askAround(turn, question);
      } catch (error) {
        const mayAnswerLater = isAway(error) && performance.now() < deadlineMs;
        if (!mayAnswerLater || ports.signal.aborted) throw error;
        await sleep(retryDelayMs, undefined, { signal: ports.signal }).catch(() => undefined);
      }
    }
  }

  return {
    ask,
    current: () => current,
    close: () => {
      for (const client of clients.values()) ports.close(client);
    },
  };
}

/** Whether a rig-agent answered, and what was asked for is the town's alone to do. */
function isTheTowns(error: unknown): boolean {
  return isTownError(error) && error.resource?.type === "town";
}

/** Whether nobody was there, rather than somebody who could not do it. */
export function isAway(error: unknown): boolean {
  return isTownError(error, "unavailable") && error.isAway !== false;
}
