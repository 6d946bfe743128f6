import { expect, onTestFinished, test, vi } from "vitest";
import { addingFile, makeProject, onMain } from "./project.ts";
import { file, holdUp, landed } from "./steps.ts";
import { hasNats, openTown, sceneMsMax, type TownFixture } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

const withNats = test.skipIf(!(await hasNats()));

async function open(bus: "nats" | "none", machines: readonly string[]): Promise<TownFixture> {
  const town = await openTown({ bus, machines });
  onTestFinished(town.stop);
  return town;
}

withNats("a bead that is worked while nats-server is killed lands over git", async () => {
  const town = await open("nats", ["vm-a"]);
  const remote = await makeProject(town.home, "alpha");
  await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
  const { id, letGo } = await holdUp(town, "x");

  await town.bus?.kill();
  await Promise.all([town.said("town", "bus is down"), town.said("machines/vm-a", "bus is down")]);
  const status = await town.gt("status");
  expect(status).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Bus .* down → over git/),
  });
  const doctor = await town.gt("doctor");
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/✗ +bus +NATS does not answer; .*start nats-server again/);
  expect(doctor.stdout).toMatch(/✓ +ledger remote +answers/);
  letGo();
  await landed(town, id);
  expect(await onMain(remote, "words/x.txt")).toBe("x\n");

  await town.restartBus();
  await Promise.all([town.said("town", "bus is up"), town.said("machines/vm-a", "bus is up")]);
  expect((await town.gt("status")).stdout).toMatch(/Bus +nats \S+ up/);
  const next = await file(town, {
    rig: "alpha",
    title: "Fast again",
    patch: addingFile("words/y.txt", "y"),
  });
  await landed(town, next);
  expect((await town.gt("doctor")).stdout).toMatch(/✓ +bus +nats \S+ is up/);
});

test("a town that never had NATS works on two machines over git alone", async () => {
  const town = await open("none", ["vm-a", "vm-b"]);
  const remote = await makeProject(town.home, "alpha");
  await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
  const patch = (name: string) => addingFile(`words/${name}.txt`, name);
  const ids = await Promise.all([
    file(town, { rig: "alpha", title: "Here", patch: patch("a") }, { machine: "vm-a" }),
    file(town, { rig: "alpha", title: "There", patch: patch("b") }, { machine: "vm-b" }),
  ]);
  expect((await town.gt("status")).stdout).toMatch(/Bus +none → over git, slower/);
  expect((await town.gt("doctor")).stdout).toMatch(
    /✓ +bus +none: everything goes over git, slower/,
  );
  for (const id of ids) await landed(town, id);
  expect(await onMain(remote, "words/a.txt")).toBe("a\n");
  expect(await onMain(remote, "words/b.txt")).toBe("b\n");
});
