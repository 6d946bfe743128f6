import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { identityField, lostField } from "#services/ledger/machines.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Peers } from "#services/telemetry/peers.ts";

/** What the town needs to tell homes from each other. */
export type HomePorts = {
  readonly ledger: Pick<Ledger, "world">;
  readonly peers: Pick<Peers, "heardMs" | "isSilent">;
  readonly nowMs: () => number;
  /** A machine that was heard so lately has the home that it had. */
  readonly lostAfterMs: number;
};

/** Which home has a machine's name. */
export type Homes = {
  /**
   * Let a home be a machine: the one that has the name, or another one once that is gone. An empty
   * identity is of a version that has none, and is let in.
   *
   * @throws TownError `state` where another home has the name and is not gone
   */
  readonly admit: (machine: string, identity: string) => void;
  /** Who was refused lately, in words. */
  readonly refused: () => readonly string[];
};

const toldMs = 10 * 60_000;
/** Names are given by whoever calls, so their number is bounded. */
const keptMax = 100;

/** Keep homes apart. A start anew remembers nothing but what the ledger says. */
export function openHomes(ports: HomePorts): Homes {
  const { nowMs, lostAfterMs } = ports;
  /** Let in, and perhaps not in the ledger yet: of two that ask at once the first one gets it. */
  const letIn = new Map<string, { readonly identity: string; readonly atMs: number }>();
  const turnedAway = new Map<string, { readonly count: number; readonly atMs: number }>();
  const isOthers = (machine: string, identity: string): boolean => {
    const last = letIn.get(machine);
    if (last && nowMs() - last.atMs <= lostAfterMs) return last.identity !== identity;
    const bead = ports.ledger.world.bead(derivedUid("machine", machine));
    const named = bead && identityField.read(bead);
    return named !== undefined && named !== identity && !isGone(machine, ports);
  };
  return {
    admit: (machine, identity) => {
      if (identity === "") return;
      if (isOthers(machine, identity)) {
        const count = (turnedAway.get(machine)?.count ?? 0) + 1;
        note(turnedAway, machine, { count, atMs: nowMs() });
        throw new TownError("state", refusal(machine));
      }
      note(letIn, machine, { identity, atMs: nowMs() });
    },
    refused: () =>
      [...turnedAway].flatMap(([machine, { count, atMs }]) => {
        const agoMs = nowMs() - atMs;
        if (agoMs > toldMs) return [];
        const when = `${count} times, last ${Math.round(agoMs / 1_000)} s ago`;
        return [`another home than the one of ${machine} was refused under that name (${when})`];
      }),
  };
}

function refusal(machine: string): string {
  return (
    `another home is machine ${machine} and was heard lately: give this one another name, or, ` +
    `if the other one is gone, say \`gt machine lost ${machine} --for-good\` first`
  );
}

/** Whether the machine that has a name may be replaced: given up, lost, or silent for so long. */
function isGone(machine: string, { ledger, peers, nowMs, lostAfterMs }: HomePorts): boolean {
  const bead = ledger.world.bead(derivedUid("machine", machine));
  if (!bead || bead.status === "closed") return true;
  const heardMs = peers.heardMs(machine);
  if (heardMs !== undefined && nowMs() - heardMs <= lostAfterMs) return false;
  return lostField.read(bead) !== undefined || peers.isSilent(machine, lostAfterMs);
}

function note<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > keptMax && oldest !== undefined) map.delete(oldest);
}
