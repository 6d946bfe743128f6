import { expect, test } from "vitest";
import { createBead } from "#services/ledger/drafts.ts";
import { scratchTown } from "../scratch-town.ts";
import { clientOf, failure, file } from "./scratch-client.ts";

async function scratch() {
  const town = await scratchTown();
  return { town, call: clientOf(town) };
}

test("open work is found, the best first; everything else when asked for", async () => {
  const { town, call } = await scratch();
  const inText = await file(call, { title: "Other", description: "the login page" });
  const inTitle = await file(call, { title: "Login fails" });
  const closed = await file(call, { title: "Old login" });
  await call("closeBead", { id: closed, reason: "done" });
  await town.write(createBead({ uid: "m", id: "hq-m", title: "login", issueType: "message" }));
  const open = await call("searchBeads", { query: "LOGIN" });
  expect(open.hits?.map(({ bead }) => bead?.id)).toEqual([inTitle, inText]);
  expect(open.hits?.[1]).toMatchObject({ field: "description", excerpt: "the login page" });
  const all = await call("searchBeads", { query: "login", all: true });
  expect(all.hits?.map(({ bead }) => bead?.id)).toEqual(["hq-m", inTitle, closed, inText]);
});

test("hits come in pages, each once", async () => {
  const { call } = await scratch();
  const ids = new Set<string>();
  for (let n = 0; n < 5; n += 1) ids.add(await file(call, { title: `Greet ${n}` }));
  let pageToken = "";
  const found: string[] = [];
  do {
    const page = await call("searchBeads", { query: "greet", pageSize: 2, pageToken });
    found.push(...(page.hits ?? []).map(({ bead }) => bead?.id ?? ""));
    expect(page.totalSize).toBe(5);
    pageToken = page.nextPageToken ?? "";
  } while (pageToken !== "");
  expect(new Set(found)).toEqual(ids);
  expect(found).toHaveLength(5);
});

test("an empty query is refused", async () => {
  const { call } = await scratch();
  expect(await failure(call("searchBeads", { query: ' "" ' }))).toMatchObject({
    reason: "invalid",
    message: "query: must hold a word",
  });
});
