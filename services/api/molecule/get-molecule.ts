import type { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import type { Bead } from "#services/ledger/bead.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import type { World } from "#services/ledger/world.ts";
import { findMolecule } from "#services/molecules/progress.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { findBead } from "../find-bead.ts";
import { endOf } from "../work/outcome.ts";
import { moleculeMessage } from "./molecule-message.ts";

type GetMolecule = MethodImpl<typeof MoleculeService.method.getMolecule>;

/** One molecule with its steps, by its root, one of its steps, or the bead that it works on. */
export function getMolecule({ ledger }: { readonly ledger: Ledger }): GetMolecule {
  return async ({ id }) => {
    const bead = findBead(ledger.world, id);
    const molecule = findMolecule(ledger.world, bead.uid);
    if (molecule) return { molecule: moleculeMessage(molecule) };
    const why = whyNone(bead, ledger.world);
    throw new TownError("not_found", `${bead.id} has no molecule now: ${why}`, {
      resource: { type: "molecule", name: id },
    });
  };
}

function whyNone(bead: Bead, world: World): string {
  if (bead.deleted) return "its digest keeps what came of it";
  if (bead.status !== "closed") return "no worker has taken it up";
  return `it is over: ${endOf(bead, world)}; \`gt log ${bead.id}\` tells what its steps did`;
}
