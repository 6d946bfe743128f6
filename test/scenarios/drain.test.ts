import { expect, onTestFinished, test, vi } from "vitest";
import { FleetService, MachineState } from "#proto/gastown/v1/fleet_service_pb.ts";
import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { makeProject, onMain } from "./project.ts";
import { holdUp, landed } from "./steps.ts";
import { hasNats, openTown, sceneMsMax } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

test("a machine drained by force is empty: its work and its rig are elsewhere", async () => {
  const town = await openTown({ bus: (await hasNats()) ? "nats" : "none", machines: ["vm-a"] });
  onTestFinished(town.stop);
  const remote = await makeProject(town.home, "alpha");
  await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
  const { id, letGo } = await holdUp(town, "moved");
  await town.startMachine("vm-b");

  const asked = await town.gt("machine", "drain", "vm-a");
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining(`Left: ${id}`) });
  const drained = await town.gt("machine", "drain", "vm-a", "--force", "--wait");
  expect(drained).toMatchObject({ code: 0, stdout: "vm-a is empty: it may be stopped\n" });

  const { machine } = await town.client(FleetService).getMachine({ name: "vm-a" });
  expect(machine).toMatchObject({ state: MachineState.DRAINING, authorities: [] });
  expect(machine?.drain).toMatchObject({ remaining: [], authorities: [] });
  await town.kill("machines/vm-a");
  const held = await town.until(`${id} is worked on at vm-b`, async () => {
    const { bead } = await town.client(WorkService).getBead({ id });
    return bead?.claim?.machine === "vm-b" ? bead : undefined;
  });
  expect(held.status).toBe("in_progress");
  letGo();
  await landed(town, id);
  expect(await onMain(remote, "words/moved.txt")).toBe("moved\n");
  const { rig } = await town.client(FleetService).getRig({ name: "alpha" });
  expect(rig).toMatchObject({ authority: "vm-b", appointed: "vm-b" });
});
