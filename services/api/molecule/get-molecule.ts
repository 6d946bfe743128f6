import type { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { findMolecule } from "#services/molecules/progress.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findBead } from "../find-bead.ts";
import { moleculeMessage } from "./molecule-message.ts";

type GetMolecule = MethodImpl<typeof MoleculeService.method.getMolecule>;

/** One molecule with its steps, by its root, one of its steps, or the bead that it works on. */
export function getMolecule({ ledger }: { readonly ledger: Ledger }): GetMolecule {
  return async ({ id }) => {
    const bead = findBead(ledger.world, id);
    const molecule = findMolecule(ledger.world, bead.uid);
    if (molecule) return { molecule: moleculeMessage(molecule) };
    const why = bead.deleted ? "its digest keeps what came of it" : "no worker has taken it up";
    throw new TownError("not_found", `${bead.id} has no molecule now: ${why}`, {
      resource: { type: "molecule", name: id },
    });
  };
}
