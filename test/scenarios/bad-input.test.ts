import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import type { GtRun } from "./gt.ts";
import { addingFile, makeProject, onMain } from "./project.ts";
import { file, untilStatus } from "./steps.ts";
import { hasNats, openTown, sceneMsMax, type TownFixture } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

let town: TownFixture;
let remote: string;
let mute: Promise<GtRun>;
beforeAll(async () => {
  town = await openTown({ bus: (await hasNats()) ? "nats" : "none", machines: ["vm-a"] });
  remote = await makeProject(town.home, "alpha");
  const added = await town.gt("rig", "add", "alpha", remote, "--gate", "check=sh check.sh");
  expect(added).toMatchObject({ code: 0, stderr: "" });
  const host = await muteHost();
  const { port } = host.address() as AddressInfo;
  // Asked for now, since its answer takes its time; the last test looks at it.
  mute = town.gt("rig", "add", "mute", `http://127.0.0.1:${port}/x.git`);
  void mute.then(() => host.close());
});
afterAll(() => town?.stop());

async function beadIds(): Promise<string[]> {
  const { beads } = await town.client(WorkService).listBeads({ filter: "title:imported" });
  return beads.map(({ id }) => id).sort();
}

type Unfit = { readonly what: string; readonly place: () => string; readonly reason: RegExp };

test.for<Unfit>([
  {
    what: "a folder that is not there",
    place: () => join(town.home, "nothing.git"),
    reason: /nothing\.git cannot carry a rig: there is no folder/,
  },
  {
    what: "a port where nobody listens",
    place: () => "http://127.0.0.1:1/x.git",
    reason: /^gt: cannot reach http:\/\/127\.0\.0\.1:1\/x\.git: .*onnect/,
  },
])("$what is no rig, and the reason is told", async ({ place, reason }) => {
  const refused = await town.gt("rig", "add", "gone", place());
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(reason);
  expect(refused.stderr).not.toMatch(/\n +at |gt up|gt list|ls-remote/);
  const { rigs } = await town.client(FleetService).listRigs({});
  expect(rigs.map(({ name }) => name)).toEqual(["alpha"]);
});

/** A host that takes connections and never says a word. */
async function muteHost(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test("a file with a bad line files nothing, and the line is named", async () => {
  const path = join(town.home, "plan.jsonl");
  const lines = [
    '{"id":"alpha-one","title":"imported one"}',
    "",
    '{"id":"alpha-two","title":"imported two","priority":9}',
    '{"id":"alpha-three","title":"imported',
    '{"id":"gamma-four","title":"imported four"}',
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  const refused = await town.gt("import", path);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/nothing was filed/);
  expect(refused.stderr).toMatch(/line 3: priority/);
  expect(refused.stderr).toMatch(/line 4: not JSON/);
  expect(refused.stderr).toMatch(/line 5: no rig has the prefix of gamma-four/);
  expect(await beadIds()).toEqual([]);
});

test("a cycle of dependencies is shown, and nothing of it is kept", async () => {
  const path = join(town.home, "cycle.jsonl");
  const row = (id: string, to: string) =>
    JSON.stringify({ id, title: `imported ${id}`, dependencies: [{ depends_on_id: to }] });
  const rows = [
    row("alpha-c1", "alpha-c2"),
    row("alpha-c2", "alpha-c3"),
    row("alpha-c3", "alpha-c1"),
  ];
  writeFileSync(path, `${rows.join("\n")}\n`);
  const refused = await town.gt("import", path);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/a cycle of dependencies: alpha-c\d → alpha-c\d → alpha-c\d → /);
  expect(await beadIds()).toEqual([]);

  writeFileSync(path, `${row("alpha-c1", "alpha-c2")}\n{"id":"alpha-c2","title":"imported c2"}\n`);
  expect(await town.gt("import", path)).toMatchObject({
    code: 0,
    stdout: "2 filed, 0 there already\n",
  });
  const closing = await town.gt("dep", "add", "alpha-c2", "alpha-c1");
  expect(closing).toMatchObject({ code: 1, stdout: "" });
  expect(closing.stderr).toContain("would close a cycle: alpha-c2 → alpha-c1 → alpha-c2");
  const { bead } = await town.client(WorkService).getBead({ id: "alpha-c2" });
  expect(bead?.dependencies).toEqual([]);
});

test("a patch that does not apply: ESCALATE with the reason, deferred, mail", async () => {
  const patch = addingFile("words/first.txt", "there is such a file already");
  const id = await file(town, { rig: "alpha", title: "Cannot apply", patch });
  const bead = await untilStatus(town, id, "deferred");
  expect(bead.comments.map(({ text }) => text).join("\n")).toMatch(
    /^ESCALATE: the patch does not apply: .*words\/first\.txt/m,
  );
  const shown = await town.gt("show", id);
  expect(shown.stdout).toMatch(/the patch does not apply: .*words\/first\.txt/);
  const inbox = await town.gt("mail", "inbox");
  expect(inbox.stdout).toMatch(new RegExp(`ESCALATE.*${id}`));
});

test("a gate that fails: sent back with its output, after three times deferred, mail", async () => {
  const patch = addingFile("words/second.txt", "this word is broken");
  const id = await file(town, { rig: "alpha", title: "Breaks the gate", patch });
  const bead = await untilStatus(town, id, "deferred");
  const rejections = bead.comments.filter(({ text }) => text.includes("was sent back"));
  expect(rejections.map(({ text }) => /rejection (\d)/.exec(text)?.[1])).toEqual(["1", "2", "3"]);
  const queue = await town.gt("mq", "show", id);
  expect(queue.stdout).toMatch(/rejected/);
  expect(queue.stdout).toMatch(/Gate check failed with exit code 1/);
  expect(queue.stdout).toContain("a word is broken");
  expect((await town.gt("mail", "inbox")).stdout).toMatch(new RegExp(`REJECTED 3 times.*${id}`));
  expect(await onMain(remote, "words/second.txt")).toBeUndefined();
});

test("a host that never says a word is no rig either, after 20 s", async () => {
  const refused = await mute;
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^gt: cannot reach http:.*: no answer within 20 s$/m);
});
