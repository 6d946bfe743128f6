import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bead } from "#proto/gastown/v1/bead_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { TownFixture } from "./town-fixture.ts";
import { untilThere } from "./watch-file.ts";

/** A bead to be filed. */
export type Wanted = {
  readonly rig: string;
  readonly title: string;
  readonly patch?: string;
  /** Beads that must be closed first. */
  readonly needs?: readonly string[];
};

/** How it is to be worked. */
export type Slung = {
  readonly runtime?: string;
  readonly command?: string;
  readonly machine?: string;
};

/** File a bead and sling it. */
export async function file(town: TownFixture, wanted: Wanted, slung: Slung = {}): Promise<string> {
  const { rig, title, patch, needs = [] } = wanted;
  const work = town.client(WorkService);
  const { bead } = await work.createBead({
    rig,
    title,
    ...(patch !== undefined && { metadata: { gt: { patch } } }),
    dependencies: needs.map((dependsOnId) => ({ dependsOnId, type: "blocks" })),
  });
  const id = bead?.id ?? "";
  await work.slingBead({ id, ...slung });
  return id;
}

/** Work that waits, in the middle of its step, to be let go on. */
export type HeldUp = { readonly id: string; readonly letGo: () => void };

/** Have a file of this name made in rig alpha, up to the moment at which its worker has begun. */
export async function holdUp(town: TownFixture, name: string): Promise<HeldUp> {
  const [started, go] = [join(town.home, `${name}-started`), join(town.home, `${name}-go`)];
  const command = [
    `touch ${started}`,
    `until [ -e ${go} ]; do sleep 0.05; done`,
    `echo ${name} > words/${name}.txt`,
  ].join("; ");
  const id = await file(town, { rig: "alpha", title: name }, { runtime: "shell", command });
  await untilThere(started);
  return { id, letGo: () => writeFileSync(go, "") };
}

/** Wait until a bead has this status. */
export function untilStatus(town: TownFixture, id: string, status: string): Promise<Bead> {
  return town.until(`${id} is ${status}`, async () => {
    const { bead } = await town.client(WorkService).getBead({ id });
    return bead?.status === status ? bead : undefined;
  });
}

/** Wait until a bead is closed, and make sure that its landing closed it. */
export async function landed(town: TownFixture, id: string): Promise<Bead> {
  const bead = await untilStatus(town, id, "closed");
  if (!bead.closeReason.startsWith("landed as")) {
    throw new Error(`${id} was closed, and never landed: ${bead.closeReason}`);
  }
  return bead;
}
