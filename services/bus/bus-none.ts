import { TownError } from "../rpc/town-error.ts";
import type { Bus, Subscription } from "./bus.ts";

const nothing: Subscription = { stop: () => {} };

/** No bus at all: the link is down for good, and everything goes over git. */
export function noBus(): Bus {
  const away = async (): Promise<never> => {
    throw new TownError("unavailable", "this town runs without NATS");
  };
  return {
    kind: "nats",
    version: "none",
    publish: away,
    consume: async () => nothing,
    signal: () => {},
    listen: () => nothing,
    request: away,
    respond: () => nothing,
    isUp: () => false,
    onLink: () => nothing,
    onError: () => nothing,
    close: async () => {},
  };
}
