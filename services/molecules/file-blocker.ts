import type { Worker } from "#services/identity/worker.ts";
import type { Bead } from "#services/ledger/bead.ts";
import { addEdges, createBead } from "#services/ledger/drafts.ts";
import { claimEpoch } from "#services/ledger/epoch.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedBase36, newId } from "#services/ledger/ids.ts";
import { isEnrolledId, rigNamed, rigs, townPrefix } from "#services/ledger/rigs.ts";
import { findCycle, waitGraph, withEdges } from "#services/ledger/waiting.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";
import type { Departure, Filed } from "./leave.ts";

/** Let a bead wait for what its worker names: a bead there is, or one that is filed now. */
export function fileBlocker(
  world: World,
  work: Bead,
  worker: Worker,
  { blocker, summary, newUid }: Departure,
): Filed | TownError {
  const name = blocker.trim();
  if (name === "") return refusal("name what it waits for: a bead, or a title to file one");
  const held = world.bead(name);
  if (held && !held.deleted) return linkTo(world, work, worker, held);
  const isId = /^[a-z][a-z0-9-]*-[a-z0-9.]+$/.test(name) && isEnrolledId(name, rigs(world));
  if (isId) {
    const resource = { type: "bead", name };
    return new TownError("not_found", `no bead ${name} to wait for`, { resource });
  }
  const uid = newUid(0);
  const prefix = rigNamed(world, worker.rig)?.rig.prefix ?? townPrefix;
  const taken = (id: string) => world.bead(id) !== undefined;
  const id = newId(prefix, world.size(), taken, (length) => derivedBase36(length, "id", uid));
  const created = createBead({
    uid,
    id,
    title: name.slice(0, 500),
    priority: work.priority,
    fields: { description: `${work.id} waits for this: ${summary}` },
    edges: [{ to: work.uid, type: "discovered-from" }],
  });
  return {
    drafts: [created, waitFor(work, worker, uid)],
    lines: [`It waits for ${id}, filed now: ${name}`],
  };
}

/** The edge names its attempt: what one that is over waited for holds nobody up. */
function waitFor(work: Bead, { epoch }: Worker, to: string): Draft {
  const edge = { to, type: "blocks", epoch: claimEpoch(epoch) };
  return { ...addEdges(work.uid, [edge]), epoch };
}

function linkTo(world: World, work: Bead, worker: Worker, blocker: Bead): Filed | TownError {
  if (blocker.status === "closed") return refusal(`${blocker.id} is closed already: go on`);
  const edge = { from: work.uid, to: blocker.uid, type: "blocks", origin: undefined };
  const cycle = findCycle(withEdges(waitGraph(world), [edge]), [edge]);
  if (cycle) {
    const shown = cycle.map((uid) => world.bead(uid)?.id ?? uid).join(" waits for ");
    return refusal(`${work.id} cannot wait for ${blocker.id}: ${shown}`);
  }
  const line = `It waits for ${blocker.id}: ${blocker.title}`;
  return { drafts: [waitFor(work, worker, blocker.uid)], lines: [line] };
}

function refusal(description: string): TownError {
  const violations = [{ field: "blocker", description }];
  return new TownError("invalid", description, { violations });
}
