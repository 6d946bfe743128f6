import type { Bead } from "./bead.ts";
import type { Json } from "./bead-state.ts";
import {
  addLabels,
  closeBead,
  createBead,
  type NewBead,
  removeEdges,
  reopenBead,
  setFields,
} from "./drafts.ts";
import type { Draft } from "./event.ts";
import { derivedUid, newId } from "./ids.ts";
import { machineField } from "./machines.ts";
import { aboutField, hookField, replyToField, wispField } from "./work-fields.ts";
import type { World } from "./world.ts";

/** What was or will be written of a bead, as far as it names others: a draft, or an event. */
export type Written = {
  readonly bead: string;
  readonly op: string;
  readonly values: Readonly<Record<string, unknown>>;
};

/** How a reservation finds its machine, and the town the reservations of one. */
const ofMachine = "related";
const pointers = [aboutField.name, hookField.name, replyToField.name];

/** A name for a new wisp that no wisp and no bead bears. */
export function wispId(
  prefix: string,
  wisps: World,
  world: World,
  random?: (length: number) => string,
): string {
  const taken = (id: string) => (wisps.bead(id) ?? world.bead(id)) !== undefined;
  return newId(`${prefix}-wisp`, wisps.size() + world.size(), taken, random);
}

/** Whether a bead only keeps the name of a wisp. */
export function isReservation(bead: Bead): boolean {
  return wispField.read(bead) !== undefined;
}

/** Keep a wisp's uid and id in the ledger: they are nobody else's from then on. Once. */
export function reserve(world: World, wisp: Bead, machine: string): Draft[] {
  if (world.bead(wisp.uid)) return [];
  const { uid, id, title, issueType } = wisp;
  const fields = { ephemeral: true, [wispField.name]: { machine } };
  const edges = [{ to: machineUid(machine), type: ofMachine }];
  return [createBead({ uid, id, title, issueType, fields, edges })];
}

/** Reserve each wisp that these changes of the ledger name for the first time. */
export function reserveNamed(
  world: World,
  wisps: World,
  machine: string,
  changes: readonly Written[],
): Draft[] {
  const named = new Map<string, Bead>();
  for (const name of changes.flatMap(namesIn)) {
    const wisp = wisps.bead(name);
    if (wisp && !wisp.deleted) named.set(wisp.uid, wisp);
  }
  return [...named.values()].flatMap((wisp) => reserve(world, wisp, machine));
}

/** Beads that a change names, by uid or id: what it remarks on, edges, letters, hooks. */
function namesIn({ bead, op, values }: Written): string[] {
  const edges = op === "create" ? values["edges"] : op === "link" ? values["add"] : undefined;
  const targets = Array.isArray(edges) ? edges.map((edge: { to?: unknown }) => edge.to) : [];
  const fields = (values["fields"] ?? {}) as Record<string, unknown>;
  const pointed = op === "create" || op === "set" ? pointers.map((name) => fields[name]) : [];
  return [bead, ...targets, ...pointed].filter((name) => typeof name === "string");
}

/**
 * Let a machine's reservations stand as its wisps do: whoever waits for one goes on when the wisp
 * is closed. One whose wisp is gone closes as burned.
 *
 * @param wisps the machine's whole vapour store: what is not there is gone
 */
export function followWisps(world: World, wisps: World, machine: string): Draft[] {
  if (world.bead(machineUid(machine))?.status === "closed") return []; // Then the town decides.
  return reservationsOf(world, machine).flatMap((held) => {
    const wisp = wisps.bead(held.uid);
    const isClosed = held.status === "closed";
    if (!wisp || wisp.deleted) return isClosed ? [] : [burn(held, "its wisp left nothing")];
    if (isClosed === (wisp.status === "closed")) return [];
    if (isClosed) return [reopenBead(held, "its wisp is open")];
    const { closeKind: kind, closeReason: reason } = wisp;
    return [closeBead(held.uid, { close: `wisp:${wisp.closes.length}`, kind, reason })];
  });
}

/** Close as burned what is reserved for wisps of machines that have left the town for good. */
export function burnWithMachines(world: World): Draft[] {
  const gone = world.ofType("machine").filter(({ status }) => status === "closed");
  return gone.flatMap((bead) => {
    const machine = machineField.read(bead)?.name;
    const held = machine === undefined ? [] : reservationsOf(world, machine);
    const open = held.filter(({ status }) => status !== "closed");
    return open.map((each) => burn(each, `machine ${machine} is gone, and its wisps with it`));
  });
}

/**
 * Condense a wisp: its digest is a closed bead of the wisp's own uid and id, so that whatever named
 * the wisp names its outcome. Doing it twice is doing it once.
 */
export function squashWisp(
  world: World,
  wisp: Pick<Bead, "uid" | "id">,
  digest: Omit<NewBead, "uid" | "id" | "edges">,
): Draft[] {
  const { uid, id } = wisp;
  const close = closeBead(uid, { close: "digest", kind: "done", reason: "recorded" });
  const held = world.bead(uid);
  if (!held) return [createBead({ ...digest, uid, id }), close];
  const machine = wispField.read(held)?.machine;
  if (machine === undefined) return [];
  const { title, issueType = "task", priority = 2, assignee = "", labels = [] } = digest;
  const fields: Record<string, Json> = { title, issue_type: issueType, priority, assignee };
  const cleared = { ephemeral: null, [wispField.name]: null };
  return [
    setFields(uid, { ...fields, ...digest.fields, ...cleared }),
    ...(labels.length > 0 ? [addLabels(uid, labels)] : []),
    ...removeEdges(world, uid, machineUid(machine), ofMachine),
    // One whose machine was given up came back, and had something to tell.
    ...(held.status === "closed" ? [reopenBead(held, "its wisp was squashed")] : []),
    close,
  ];
}

/** Close a reservation as burned. Two that see the same of it write the same close. */
function burn({ uid, closes }: Bead, reason: string): Draft {
  return closeBead(uid, { close: `burned:${closes.length}`, kind: "burned", reason });
}

function reservationsOf(world: World, machine: string): Bead[] {
  const near = world.dependents(machineUid(machine));
  return near.filter((bead) => !bead.deleted && wispField.read(bead)?.machine === machine);
}

function machineUid(machine: string): string {
  return derivedUid("machine", machine);
}
