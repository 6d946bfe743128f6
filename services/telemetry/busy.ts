import type { Peer } from "./peers.ts";

/** A process whose loop lags by a whole heartbeat does nothing that it is asked to do now. */
export const busyLagMs = 5_000;

/** That a process is alive and too busy to answer, in words; undefined where it is not. */
export function busyTrouble(peer: Pick<Peer, "beat"> | undefined): string | undefined {
  const lagMs = peer?.beat?.loopLagMs ?? 0;
  return lagMs < busyLagMs ? undefined : `busy: loop lag ${Math.round(lagMs / 1_000)} s`;
}
