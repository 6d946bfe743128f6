import { readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { foldLines, ledgerLines } from "../../deploy/local/verify/read-ledger.ts";
import { addingFile, makeProject, onMain } from "./project.ts";
import { file, holdUp, landed } from "./steps.ts";
import { hasNats, ledgerRemoteIn, openTown, sceneMsMax, type TownFixture } from "./town-fixture.ts";
import { type LogReader, readLog } from "./watch-file.ts";

vi.setConfig({ testTimeout: sceneMsMax, hookTimeout: sceneMsMax });

const back = "the ledger remote answers again";

function takeAway(remote: string): void {
  renameSync(remote, `${remote}.away`);
}

function bringBack(remote: string): void {
  renameSync(`${remote}.away`, remote);
}

const withNats = test.skipIf(!(await hasNats()));

withNats("a ledger remote that is away at the start, and again later, loses nothing", async () => {
  const before = (home: string) => takeAway(ledgerRemoteIn(home));
  const town = await openTown({ bus: "nats", machines: ["vm-a"], before });
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

  bringBack(ledgerRemoteIn(home));
  await Promise.all([town.said("town", back), town.said("machines/vm-a", back)]);
  expect((await town.gt("doctor")).stdout).toMatch(/✓ +ledger remote +answers/);

  takeAway(ledgerRemoteIn(home));
  const second = await file(town, { rig: "alpha", title: "Second", patch: patch("b") });
  await landed(town, second);
  bringBack(ledgerRemoteIn(home));
  await Promise.all([town.said("town", back), town.said("machines/vm-a", back)]);

  // Each time it was said once, however often it was tried.
  const said = readFileSync(join(home, "town", "town.log"), "utf8").split("\n");
  expect(said.filter((line) => line.includes('"actor":"ledger-'))).toHaveLength(2);

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

test("a rig's remote that goes away during work, and comes back, loses nothing", async () => {
  const town = await openTown({ bus: (await hasNats()) ? "nats" : "none", machines: ["vm-a"] });
  onTestFinished(town.stop);
  const remote = await makeProject(town.home, "alpha");
  await town.gt("rig", "add", "alpha", remote, "--gate", "sh check.sh");
  const { id, letGo } = await holdUp(town, "away");
  takeAway(remote);
  letGo();
  // The worker has done its work and cannot hand it in: it asks again until it can.
  await outputOf(town, id).until("asking again");
  bringBack(remote);
  await landed(town, id);
  expect(await onMain(remote, "words/away.txt")).toBe("away\n");
});

/** What the one worker of a bead printed. */
function outputOf(town: TownFixture, id: string): LogReader {
  const sessions = join(town.home, "machines", "vm-a", "sessions");
  const [name = ""] = readdirSync(sessions).filter((each) => each.includes(id));
  return readLog(join(sessions, name, "output.log"));
}
