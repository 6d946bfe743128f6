import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedBase36 } from "#services/ledger/ids.ts";
import { splitField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Departure, Filed } from "./leave.ts";

const partsMax = 50;
const suffixChars = 4;

/** Break a bead into children, one for each part that its worker names. They are slung as it is. */
export function fileParts(
  world: World,
  work: Bead,
  worker: Worker,
  { parts, newUid }: Departure,
): Filed | TownError {
  const titles = parts.map((part) => part.trim()).filter((part) => part !== "");
  if (titles.length === 0 || titles.length > partsMax) {
    const description = `name its parts, 1 to ${partsMax} of them`;
    const violations = [{ field: "parts", description }];
    return new TownError("invalid", description, { violations });
  }
  const ids = new Set<string>();
  const drafts = titles.map((title, index): Draft => {
    const uid = newUid(index);
    const id = childId(world, work, uid, ids);
    ids.add(id);
    return createBead({
      uid,
      id,
      title: title.slice(0, 500),
      priority: work.priority,
      fields: {
        description: `Part of ${work.id} (${work.title}), split by ${worker.agent}.`,
        [splitField.name]: claimEpoch(worker.epoch),
      },
      edges: [{ to: work.uid, type: "parent-child" }],
    });
  });
  return { drafts, lines: [...ids].map((id, index) => `Part ${id}: ${titles[index]}`) };
}

/** Never counted up: two machines that count mint the same id. */
function childId(world: World, work: Bead, uid: string, taken: ReadonlySet<string>): string {
  for (let length = suffixChars; ; length += 1) {
    const id = `${work.id}.${derivedBase36(length, "id", uid)}`;
    if (!taken.has(id) && !world.bead(id)) return id;
  }
}
