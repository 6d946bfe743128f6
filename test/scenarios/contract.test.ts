import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addingFile, makeProject, onMain } from "./project.ts";
import { type CallFailure, type Message, reflect } from "./reflect.ts";
import { hasNats, openTown, sceneMsMax, type TownFixture } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

let town: TownFixture;
beforeAll(async () => {
  town = await openTown({ bus: (await hasNats()) ? "nats" : "none", machines: ["vm-a"] });
});
afterAll(() => town.stop());

const work = "gastown.v1.WorkService";
const fleet = "gastown.v1.FleetService";
const beadOf = (answer: Message) => answer["bead"] as Message;
const failing = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error) => error,
  );

/** `{ gt: { patch } }` as google.protobuf.Struct spells it; a map is a list of entries. */
function patchMetadata(patch: string): Message {
  const gt = { fields: [{ key: "patch", value: { string_value: patch } }] };
  return { fields: [{ key: "gt", value: { struct_value: gt } }] };
}

async function untilClosed(events: AsyncIterable<Message>, id: string) {
  for await (const event of events) {
    const bead = beadOf(event);
    if (event["kind"] === "closed" && bead["id"] === id) return event;
  }
  throw new Error(`the watch ended before ${id} was closed`);
}

test("a client that knows reflection alone takes a bead from create to landed", async () => {
  const server = await reflect(town.address(), "v1");
  const health = await server.call("grpc.health.v1.Health/Check", { service: work });
  expect(health).toEqual({ status: "SERVING" });
  const remote = await makeProject(town.home, "alpha");
  const gates = [{ name: "check", command: "sh check.sh" }];
  const rig = await server.call(`${fleet}/AddRig`, { name: "alpha", remote, gates });
  expect(rig["rig"]).toMatchObject({ name: "alpha", target: "main" });

  const watch = server.watch("gastown.v1.EventService/WatchEvents", {});
  const metadata = patchMetadata(addingFile("words/second.txt", "second"));
  const create = { request_id: "create-1", rig: "alpha", title: "A second word", metadata };
  const bead = beadOf(await server.call(`${work}/CreateBead`, create));
  const id = String(bead["id"]);
  const sling = { request_id: "sling-1", id, runtime: "patch" };
  await server.call(`${work}/SlingBead`, sling);
  const closed = await untilClosed(watch, id);
  watch.cancel();
  expect(closed).toMatchObject({ actor: "rigs/alpha/refinery" });

  const landed = beadOf(await server.call(`${work}/GetBead`, { id }));
  expect(landed).toMatchObject({ status: "closed", uid: bead["uid"] });
  expect(String(landed["close_reason"])).toContain("landed as");
  expect(await onMain(remote, "words/second.txt")).toBe("second\n");

  // Sent again after all that, the same requests are the same bead, and nothing is worked twice.
  expect(beadOf(await server.call(`${work}/CreateBead`, create))["uid"]).toBe(bead["uid"]);
  expect(beadOf(await server.call(`${work}/SlingBead`, sling))["status"]).toBe("closed");
  const all = await server.call(`${work}/ListBeads`, { filter: "type = merge-request" });
  expect(all["total_size"]).toBe(1);
  server.close();
});

test.for(["v1", "v1alpha"] as const)(
  "reflection %s tells of all, and of failures",
  async (version) => {
    const server = await reflect(town.address(), version);
    expect(server.services).toEqual(
      expect.arrayContaining([
        ...["Town", "Fleet", "Work", "Molecule", "MergeQueue", "Agent", "Mail", "Event"].map(
          (name) => `gastown.v1.${name}Service`,
        ),
        "grpc.health.v1.Health",
      ]),
    );
    const create = { request_id: `once-${version}`, title: "A bead of the town" };
    const made = beadOf(await server.call(`${work}/CreateBead`, create));
    const again = beadOf(await server.call(`${work}/CreateBead`, create));
    expect(again).toEqual(made);

    const other: CallFailure = await failing(
      server.call(`${work}/CreateBead`, { ...create, title: "Another one" }),
    );
    expect(other).toMatchObject({
      code: 3,
      details: [errorInfo("INVALID"), badRequest("request_id")],
    });
    const missing: CallFailure = await failing(server.call(`${work}/GetBead`, { id: "hq-nosuch" }));
    expect(missing).toMatchObject({ code: 5, message: expect.stringContaining("hq-nosuch") });
    expect(missing.details).toMatchObject([
      errorInfo("NOT_FOUND"),
      { "@type": "google.rpc.ResourceInfo", resource_type: "bead", resource_name: "hq-nosuch" },
    ]);
    const edge = { id: made["id"], dependency: { depends_on_id: made["id"] } };
    const cycle: CallFailure = await failing(server.call(`${work}/AddDependency`, edge));
    expect(cycle).toMatchObject({ code: 9, details: [errorInfo("STATE"), {}] });
    server.close();
  },
);

function errorInfo(reason: string): Message {
  return { "@type": "google.rpc.ErrorInfo", reason, domain: "gastown" };
}

function badRequest(field: string): Message {
  return { "@type": "google.rpc.BadRequest", field_violations: [{ field }] };
}
