/**
 * What one machine does about a rig's authority: hold it, leave it to another, look whether the
 * chain still moves, or try to take the next term.
 */
export type Stand = "hold" | "yield" | "watch" | "try";

/** How things stand between a rig, its holder, and one machine. */
export type Succession = {
  readonly machine: string;
  /** Who shall hold it by the ledger; undefined where nobody was ever asked to. */
  readonly holder: string | undefined;
  /** The machines that could hold it: they serve the rig and take work. */
  readonly serving: readonly string[];
  readonly isTownHeard: boolean;
  /** The holder is lost, or gone for good, as this machine judges. */
  readonly isHolderLost: boolean;
  readonly isHeard: (machine: string) => boolean;
  /** The bus is down: who has nothing to write has no voice. */
  readonly isDeaf: boolean;
  readonly holderSilentMs: number;
  /** There is work that an authority would have begun by now. */
  readonly hasWork: boolean;
  /** How long the chain at the remote has stood still while this machine looked; 0 before. */
  readonly chainStillMs: number;
  readonly limits: { readonly lostAfterMs: number; readonly brakeMaxFactor: number };
};

/**
 * Whether a machine may take a rig's authority by itself. That is safe at any time, since the chain
 * moves by compare-and-swap and fences whoever had it; time only decides when it is worth a try.
 *
 * The town appoints while it is heard. With the town and the holder both silent any machine that
 * serves the rig may try, once the chain stood still for `lostAfterMs`; each next one in the order
 * of names a `lostAfterMs` later, so that they rarely try at once. With the bus down silence says
 * little: then the holder must have been silent for as long as the storm brake holds, though there
 * is work for it, or two idle machines would depose each other for ever.
 */
export function mayTake(at: Succession): Stand {
  const { machine, holder, serving } = at;
  if (holder === machine) return "hold";
  if (at.isTownHeard || !serving.includes(machine) || !isVacant(at)) return "yield";
  const heirs = serving.filter((name) => name !== holder && (at.isDeaf || at.isHeard(name)));
  const rank = heirs.filter((name) => name < machine).length;
  return at.chainStillMs >= at.limits.lostAfterMs * (1 + rank) ? "try" : "watch";
}

function isVacant(at: Succession): boolean {
  if (at.holder === undefined) return true;
  if (!at.isDeaf) return at.isHolderLost;
  const { lostAfterMs, brakeMaxFactor } = at.limits;
  return at.hasWork && at.holderSilentMs >= lostAfterMs * brakeMaxFactor;
}
