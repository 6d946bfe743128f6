import { expect, test } from "vitest";
import { sendMail } from "#services/mail/mail.ts";
import { MemoryDisk } from "./disk-memory.ts";
import { addComment, addEdges, closeBead, createBead, reopenBead, tombstone } from "./drafts.ts";
import type { Draft } from "./event.ts";
import { derivedUid } from "./ids.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { isReady, isWork, openWork } from "./readiness.ts";
import {
  burnWithMachines,
  followWisps,
  isReservation,
  reserve,
  reserveNamed,
  squashWisp,
  wispId,
} from "./wisp-reservation.ts";

const machineUid = derivedUid("machine", "vm-a");

/** A ledger with a machine and two tasks, and that machine's wisps: a task and a molecule. */
async function open(): Promise<{ ledger: Ledger; wisps: Ledger }> {
  const options = { dir: "/j", machine: "vm-a", nowMs: () => 1_000 };
  const ledger = await openLedger({ ...options, disk: new MemoryDisk() });
  const wisps = await openLedger({ ...options, disk: new MemoryDisk() });
  const fields = { "gt.machine": { name: "vm-a", polecatsMax: 1 } };
  await ledger.append("ann", [
    createBead({ uid: machineUid, id: "hq-m", title: "vm-a", issueType: "machine", fields }),
    createBead({ uid: "t", id: "hq-t", title: "waits" }),
    createBead({ uid: "u", id: "hq-u", title: "does not" }),
  ]);
  await wisps.append("ann", [
    createBead({ uid: "w", id: "hq-wisp-w", title: "a chore" }),
    createBead({ uid: "m", id: "hq-wisp-m", title: "a patrol", issueType: "molecule" }),
  ]);
  return { ledger, wisps };
}

type Scene = Awaited<ReturnType<typeof open>>;

/** Write to the ledger as a machine does: with reservations of what is named. */
async function write({ ledger, wisps }: Scene, drafts: readonly Draft[]): Promise<void> {
  const reserved = reserveNamed(ledger.world, wisps.world, "vm-a", drafts);
  await ledger.append("vm-a", [...reserved, ...drafts]);
}

const follow = ({ ledger, wisps }: Scene) =>
  ledger.append("vm-a", followWisps(ledger.world, wisps.world, "vm-a"));
const close = (uid: string) => closeBead(uid, { close: `of ${uid}`, kind: "done", reason: "ok" });
const waits = () => addEdges("t", [{ to: "hq-wisp-w", type: "blocks" }]);
const ready = ({ ledger }: Scene) => {
  const bead = ledger.world.bead("t");
  return bead && isReady(bead, ledger.world, 2_000);
};

test.for<[string, (scene: Scene) => Draft[], string[]]>([
  ["a dependency, by id", () => [waits()], ["w"]],
  [
    "an edge it is made with",
    () => [createBead({ uid: "n", id: "hq-n", title: "n", edges: [{ to: "w", type: "related" }] })],
    ["w"],
  ],
  ["a remark", () => [addComment("w", { author: "ann", text: "why?" })], ["w"]],
  [
    "a letter about it",
    ({ ledger }) =>
      sendMail(ledger.world, {
        ...{ uid: "l", from: "ann", to: "ben", subject: "see", body: "", about: "m" },
      }),
    ["m"],
  ],
  [
    "a hook",
    () => [
      { bead: "u", op: "set", values: { fields: { "gt.hook": "m" } } },
      { bead: "u", op: "set", values: { fields: { "gt.hook": "m" } } },
    ],
    ["m"],
  ],
  ["nothing of the kind", () => [addEdges("t", [{ to: "u", type: "blocks" }])], []],
])("%s reserves the wisp it names, once", async ([, drafts, expected]) => {
  const scene = await open();
  await write(scene, drafts(scene));
  await write(scene, drafts(scene));
  const held = [...scene.ledger.world.all()].filter(isReservation);
  expect(held.map(({ uid }) => uid)).toEqual(expected);
  for (const { uid } of held) {
    const creations = scene.ledger.history(uid).filter(({ op }) => op === "create");
    expect(creations).toHaveLength(1);
  }
});

test("a reservation bears the wisp's name, is no work, and nobody else gets its id", async () => {
  const scene = await open();
  const { world } = scene.ledger;
  await write(scene, [waits()]);
  const held = world.bead("hq-wisp-w");
  expect(held).toMatchObject({ uid: "w", title: "a chore", issueType: "task", status: "open" });
  expect(held?.fields).toEqual({ ephemeral: true, "gt.wisp": { machine: "vm-a" } });
  expect(held && isWork(held)).toBe(false);
  expect(openWork(world).map(({ uid }) => uid)).toEqual(["t", "u"]);
  await scene.wisps.append("ann", [tombstone("w", "collected")]);
  const names = ["w", "m", "x"];
  expect(wispId("hq", scene.wisps.world, world, () => names.shift() ?? "")).toBe("hq-wisp-x");
});

test("it blocks while its wisp is open, whatever happens to that in between", async () => {
  const scene = await open();
  const { wisps } = scene;
  await write(scene, [waits()]);
  expect(ready(scene)).toBe(false);
  for (const again of ["one", "two"]) {
    await wisps.append("ann", [closeBead("w", { close: again, kind: "done", reason: "ok" })]);
    await follow(scene);
    expect(ready(scene)).toBe(true);
    expect(await follow(scene)).toEqual([]);
    const wisp = wisps.world.bead("w");
    await wisps.append("ann", wisp ? [reopenBead(wisp, "not yet")] : []);
    await follow(scene);
    expect(ready(scene)).toBe(false);
  }
  await wisps.append("ann", [tombstone("w", "burned")]);
  await follow(scene);
  expect(ready(scene)).toBe(true);
  expect(scene.ledger.world.bead("w")).toMatchObject({ status: "closed", closeKind: "burned" });
  expect(await follow(scene)).toEqual([]);
});

test("a digest takes the reserved bead; what named the wisp names its outcome", async () => {
  const scene = await open();
  const { ledger, wisps } = scene;
  await write(scene, [addEdges("t", [{ to: "m", type: "blocks" }])]);
  const wisp = wisps.world.bead("m");
  const squash = () =>
    wisp
      ? squashWisp(ledger.world, wisp, {
          title: "Patrol: nothing",
          issueType: "event",
          labels: ["digest"],
          fields: { description: "quiet" },
        })
      : [];
  await ledger.append("vm-a", squash());
  expect(ledger.world.bead("hq-wisp-m")).toMatchObject({
    ...{ uid: "m", title: "Patrol: nothing", issueType: "event", labels: ["digest"] },
    ...{ status: "closed", closeKind: "done", dependencies: [] },
    fields: { description: "quiet" },
  });
  expect(ledger.world.bead("t")?.dependencies[0]?.id).toBe("hq-wisp-m");
  expect(ready(scene)).toBe(true);
  expect(squash()).toEqual([]);
  await wisps.append("ann", [tombstone("m", "squashed")]);
  expect(await follow(scene)).toEqual([]);
});

test("without a reservation the digest has the wisp's name all the same", async () => {
  const { ledger, wisps } = await open();
  const wisp = wisps.world.bead("m");
  if (!wisp) throw new Error("it is there");
  const digest = { title: "Patrol", issueType: "event" };
  await ledger.append("vm-a", squashWisp(ledger.world, wisp, digest));
  expect(ledger.world.bead("hq-wisp-m")).toMatchObject({ uid: "m", status: "closed" });
  expect(squashWisp(ledger.world, wisp, digest)).toEqual([]);
  expect(reserve(ledger.world, wisp, "vm-a")).toEqual([]);
});

test("what a machine that left for good held closes as burned, once; a digest stays", async () => {
  const scene = await open();
  const { ledger, wisps } = scene;
  await write(scene, [waits(), addEdges("t", [{ to: "m", type: "related" }])]);
  const wisp = wisps.world.bead("m");
  expect(burnWithMachines(ledger.world)).toEqual([]);
  await ledger.append("ann", [close(machineUid)]);
  await ledger.append("deacon", burnWithMachines(ledger.world));
  expect(ledger.world.bead("w")).toMatchObject({ status: "closed", closeKind: "burned" });
  expect(ready(scene)).toBe(true);
  expect(burnWithMachines(ledger.world)).toEqual([]);
  // It is not there any more, and does not argue with the town.
  expect(followWisps(ledger.world, wisps.world, "vm-a")).toEqual([]);
  // Had it something to tell after all, that counts.
  const digest = { title: "Patrol", issueType: "event" };
  await ledger.append("vm-a", wisp ? squashWisp(ledger.world, wisp, digest) : []);
  expect(ledger.world.bead("m")).toMatchObject({ status: "closed", closeKind: "done" });
});
