import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { FleetService } from "#proto/gastown/v1/fleet_service_pb.ts";
import { wireOldest } from "#services/config/version.ts";
import { addingFile, makeProject, onMain } from "./project.ts";
import { file, landed } from "./steps.ts";
import { hasNats, openTown, sceneMsMax, type TownFixture } from "./town-fixture.ts";
import { commitBefore, layOutCommit, layOutCompiled, startOther } from "./version-before.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

const before = await commitBefore();

/** A town of this version, with these machines of it and the rig alpha. */
async function open(machines: readonly string[]) {
  const town = await openTown({ bus: (await hasNats()) ? "nats" : "none", machines });
  onTestFinished(town.stop);
  const remote = await makeProject(town.home, "alpha");
  const added = await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
  expect(added).toMatchObject({ code: 0 });
  const land = async (name: string, machine: string) => {
    const patch = addingFile(`words/${name}.txt`, name);
    const id = await file(town, { rig: "alpha", title: name, patch }, { machine });
    const bead = await landed(town, id);
    expect(await onMain(remote, `words/${name}.txt`)).toBe(`${name}\n`);
    return bead;
  };
  return { town, land };
}

async function isMember(town: TownFixture, machine: string): Promise<void> {
  const found = await town.until(`${machine} is a member`, async () => {
    const { machines } = await town.client(FleetService).listMachines({});
    return machines.find(({ name }) => name === machine);
  });
  expect(found).toMatchObject({ wireVersion: wireOldest, trouble: "" });
}

test.skipIf(before === undefined)(
  "a rig-agent of the version before works with this town, alone and beside one of this version",
  async () => {
    const { town, land } = await open([]);
    const sources = join(town.home, "before");
    await layOutCommit(before ?? "", sources);
    await startOther(town, "vm-old", sources);
    await isMember(town, "vm-old");
    await land("alone", "vm-old");

    await town.startMachine("vm-new");
    const there = await town.gt("rig", "move", "alpha", "--to", "vm-new", "--wait");
    expect(there).toMatchObject({ code: 0, stdout: expect.stringContaining("vm-new holds") });
    await land("held-by-new", "vm-old");
    const back = await town.gt("rig", "move", "alpha", "--to", "vm-old", "--wait");
    expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining("vm-old holds") });
    await land("held-by-old", "vm-new");

    const drained = await town.gt("machine", "drain", "vm-old");
    expect(drained).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("gt machine cordon vm-old"),
    });
    expect((await town.gt("doctor")).stdout).toMatch(/✓ +versions +all speak with each other/);
  },
);

test("a rig-agent with the older version compiled in works with this town", async () => {
  const { town, land } = await open([]);
  const sources = join(town.home, "before");
  await layOutCompiled(sources);
  await startOther(town, "vm-old", sources);
  await isMember(town, "vm-old");
  await land("alone", "vm-old");
});
