import { readLeftWork } from "#services/git/salvage.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { isEpoch } from "#services/ledger/epoch.ts";
import { type Rig, rigOf } from "#services/ledger/rigs.ts";
import { type JudgedWork, judgeSalvage } from "#services/ledger/salvage-state.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { invalid } from "../check.ts";
import { findBead } from "../find-bead.ts";
import { salvageName } from "./salvage-message.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

/** A rig with the clone in which its left work is looked up. */
export type CodePlace = { readonly rig: Rig; readonly repoDir: string };

/** All that attempts left at one rig's remote, as it is now. */
export async function readSalvage(
  { ledger, codeDir }: SalvagePorts,
  rig: Rig,
  signal: AbortSignal,
): Promise<{ readonly place: CodePlace; readonly judged: JudgedWork[] }> {
  const repoDir = await codeDir(rig, signal);
  const works = await readLeftWork({ repoDir, target: rig.target });
  return { place: { rig, repoDir }, judged: judgeSalvage(works, ledger.world) };
}

/** What one name stands for, and where it is. */
export type FoundSalvage = {
  readonly bead: Bead;
  readonly found: JudgedWork;
  readonly place: CodePlace;
};

/**
 * What an attempt left, by its name; a bead's id alone will do where it has only one that is
 * neither held nor landed.
 *
 * @throws TownError `not_found`, naming what there is of the bead
 */
export async function findSalvage(
  ports: SalvagePorts,
  name: string,
  signal: AbortSignal,
): Promise<FoundSalvage> {
  const { world } = ports.ledger;
  const { bead, epoch } = readName(name, world);
  const enrolled = rigOf(bead, world);
  if (!enrolled) throw missing(name, `${bead.id} belongs to no rig: it has no code`);
  const { place, judged } = await readSalvage(ports, enrolled.rig, signal);
  const own = judged.filter(({ work }) => world.bead(work.bead)?.uid === bead.uid);
  const wanted = own.filter(({ work, state }) =>
    epoch === undefined ? state.kind === "left" || state.kind === "released" : work.epoch === epoch,
  );
  const [found, ...more] = wanted;
  if (found && more.length === 0) return { bead, found, place };
  const names = own.map(({ work }) => salvageName(bead.id, work.epoch)).join(", ");
  if (names === "") throw missing(name, `nothing that was done for ${bead.id} is at the remote`);
  throw missing(name, `${name} is not one piece of left work; of ${bead.id} there are: ${names}`);
}

function readName(name: string, world: World): { bead: Bead; epoch: string | undefined } {
  const at = name.lastIndexOf("@");
  const epoch = name.slice(at + 1);
  if (at < 0 || !isEpoch(epoch)) return { bead: findBead(world, name, "name"), epoch: undefined };
  if (epoch.split(".").length !== 2) {
    const description = "names an attempt by its claim: <bead>@4.2, without a respawn";
    throw invalid([{ field: "name", description }]);
  }
  return { bead: findBead(world, name.slice(0, at), "name"), epoch };
}

function missing(name: string, message: string): TownError {
  return new TownError("not_found", message, { resource: { type: "salvage", name } });
}
