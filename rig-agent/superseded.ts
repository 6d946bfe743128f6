import { derivedUid } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { identityField } from "#services/ledger/machines.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** A home by the name of its machine, and what tells it from other homes. */
export type OwnHome = { readonly machine: string; readonly identity: string };

/**
 * Why this home is its machine no more, in words: the ledger says that another one has its name.
 * Undefined where that names this one, or none yet.
 */
export function supersession(world: World, { machine, identity }: OwnHome): string | undefined {
  const bead = world.bead(derivedUid("machine", machine));
  const named = bead && identityField.read(bead);
  if (named === undefined || named === identity) return undefined;
  return (
    `another home is machine ${machine} now, and this one stops: its workers go on, and all that ` +
    `is here is kept; start a new home under another name, or, if the other one is gone, say ` +
    `\`gt machine lost ${machine} --for-good\` and start this one again`
  );
}

/** Told once, now or later, when another home has this one's name. */
export function watchSupersession(
  ledger: Pick<Ledger, "world" | "onChange">,
  own: OwnHome,
  told: (why: TownError) => void,
): void {
  const look = () => {
    const why = supersession(ledger.world, own);
    if (why === undefined) return;
    stop();
    told(new TownError("state", why));
  };
  const stop = ledger.onChange(look);
  look();
}
