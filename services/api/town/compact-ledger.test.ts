import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CompactLedgerRequestSchema } from "#proto/gastown/v1/town_service_pb.ts";
import { closeBead, createBead } from "#services/ledger/drafts.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { scratchTown } from "../scratch-town.ts";
import { compact } from "./compact-ledger.ts";

const dayMs = 86_400_000;

async function scratch() {
  const town = await scratchTown();
  const home = await mkdtemp(join(tmpdir(), "gt-compact-"));
  await town.write(
    createBead({ uid: "a", id: "alpha-a", title: "A" }),
    closeBead("a", { close: "1", kind: "done", reason: "" }),
  );
  town.pass(10 * dayMs);
  const ask = async (init: MessageInitShape<typeof CompactLedgerRequestSchema>) => {
    const handler = compact({ ...town, home, endpoint: "town" });
    return handler(create(CompactLedgerRequestSchema, init), town.by("ann"));
  };
  return { town, ask, [Symbol.asyncDispose]: () => rm(home, { recursive: true }) };
}

test("beads move by the days that are asked for, as the caller's doing, and once", async () => {
  await using scene = await scratch();
  const { town, ask } = scene;
  expect(await ask({})).toMatchObject({ movedToRecent: 0, movedToArchive: 0 });
  expect(await ask({ recentDays: 5 })).toMatchObject({
    ...{ endpoint: "town", movedToRecent: 1, movedToArchive: 0 },
    ...{ active: 3, beads: 4, before: { clone: 0n }, after: { clone: 0n } },
  });
  expect(await ask({ recentDays: 5 })).toMatchObject({ movedToRecent: 0, movedToArchive: 0 });
  expect(await ask({ recentDays: 0, archiveDays: 0 })).toMatchObject({
    movedToRecent: 0,
    movedToArchive: 1,
  });
  const [last] = town.ledger.history("a").slice(-1);
  expect(last).toMatchObject({ actor: "ann", op: "tier" });
});

test("a number of days below zero, or none at all, is refused", async () => {
  await using scene = await scratch();
  for (const init of [{ recentDays: -1 }, { archiveDays: Number.NaN }, { archiveDays: 29 }]) {
    const error = await scene.ask(init).catch((failure: unknown) => failure);
    expect(isTownError(error, "invalid")).toBe(true);
  }
});
