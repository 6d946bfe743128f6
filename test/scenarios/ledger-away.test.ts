import { renameSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { foldLines, ledgerLines } from "../../deploy/local/verify/read-ledger.ts";
import { addingFile, makeProject } from "./project.ts";
import { file, landed } from "./steps.ts";
import { hasNats, ledgerRemoteIn, openTown, sceneMsMax } from "./town-fixture.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

const back = "the ledger remote answers again";

function takeAway(home: string): void {
  renameSync(ledgerRemoteIn(home), `${ledgerRemoteIn(home)}.away`);
}

function bringBack(home: string): void {
  renameSync(`${ledgerRemoteIn(home)}.away`, ledgerRemoteIn(home));
}

const withNats = test.skipIf(!(await hasNats()));

withNats("a ledger remote that is away at the start, and again later, loses nothing", async () => {
  const town = await openTown({ bus: "nats", machines: ["vm-a"], before: takeAway });
  onTestFinished(town.stop);
  const { home } = town;
  const remote = await makeProject(home, "alpha");
  const added = await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
  expect(added.code).toBe(0);
  const patch = (name: string) => addingFile(`words/${name}.txt`, name);
  const first = await file(town, { rig: "alpha", title: "First", patch: patch("a") });
  await landed(town, first);
  const doctor = await town.gt("doctor");
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/✗ +ledger remote .*does not answer: bring the remote back/);

  bringBack(home);
  await Promise.all([town.said("town", back), town.said("machines/vm-a", back)]);
  expect((await town.gt("doctor")).stdout).toMatch(/✓ +ledger remote +answers/);

  takeAway(home);
  const second = await file(town, { rig: "alpha", title: "Second", patch: patch("b") });
  await landed(town, second);
  bringBack(home);
  await Promise.all([town.said("town", back), town.said("machines/vm-a", back)]);

  // What git alone knows afterwards is everything.
  await town.halt();
  const { world, faults } = await foldLines(
    await ledgerLines(ledgerRemoteIn(home), AbortSignal.timeout(30_000)),
  );
  expect(faults).toEqual([]);
  for (const id of [first, second]) {
    expect(world.bead(id)).toMatchObject({ status: "closed", closeKind: "merged" });
  }
});
