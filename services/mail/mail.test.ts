import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { polecatStartedLetter, shutdownLetter, subjects } from "./letters.ts";
import { inbox, isRead, markRead, senderOf, sendMail } from "./mail.ts";

async function mailbox() {
  let nowMs = 0;
  const nextMs = () => {
    nowMs += 1_000;
    return nowMs;
  };
  const options = { dir: "/journal", machine: "vm-a", disk: new MemoryDisk(), nowMs: nextMs };
  return openLedger(options);
}

const work = { uid: "work", id: "alpha-1", title: "Greet" };
const attempt = { agent: "rigs/alpha/polecats/nux", machine: "vm-a", epoch: "1.1.0", work };

test("a letter is a bead in its receiver's inbox, the newest first, until it is read", async () => {
  const ledger = await mailbox();
  const { world } = ledger;
  const started = polecatStartedLetter(attempt, "machines/vm-a/witness");
  await ledger.append("machines/vm-a", sendMail(world, started));
  await ledger.append(attempt.agent, sendMail(world, shutdownLetter(attempt, "COMPLETED")));
  const letters = inbox(world, "machines/vm-a/witness");
  expect(letters.map(({ title }) => title)).toEqual([subjects.shutdown, subjects.polecatStarted]);
  const [first] = letters;
  if (!first) throw new Error("no letter");
  expect(first).toMatchObject({ issueType: "message", labels: ["type=message"] });
  expect(first.id).toMatch(/^hq-[0-9a-z]{4,8}$/);
  expect(first.fields).toMatchObject({ "gt.about": "work" });
  expect(senderOf(first)).toBe(attempt.agent);
  await ledger.append("machines/vm-a/witness", markRead(first));
  expect(inbox(world, "machines/vm-a/witness", { unreadOnly: true })).toHaveLength(1);
  const read = world.bead(first.uid);
  expect(read && isRead(read) && markRead(read)).toEqual([]);
});

test("a letter that was sent is not sent again", async () => {
  const ledger = await mailbox();
  const letter = shutdownLetter(attempt, "COMPLETED");
  await ledger.append(attempt.agent, sendMail(ledger.world, letter));
  expect(sendMail(ledger.world, letter)).toEqual([]);
});
