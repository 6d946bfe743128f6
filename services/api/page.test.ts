import fc from "fast-check";
import { expect, test } from "vitest";
import { compareIds, cutPage } from "./page.ts";

const byId = { key: (id: string) => id, compare: compareIds };

test("page after page is the whole list, each item once, whatever their size", () => {
  const sizes = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), sizes, (items, pageSize) => {
      const sorted = [...items].sort(compareIds);
      const seen: string[] = [];
      let pageToken = "";
      do {
        const page = cutPage(sorted, { pageSize, pageToken }, "q", byId);
        seen.push(...page.items);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(seen).toEqual(sorted);
    }),
  );
});

test("heavy items come on more pages, at least one on each", () => {
  const heavy = { ...byId, weigh: () => 3 * 1024 * 1024 };
  const first = cutPage(["a", "b"], { pageSize: 10, pageToken: "" }, "q", heavy);
  expect(first.items).toEqual(["a"]);
  const { nextPageToken: pageToken } = first;
  expect(cutPage(["a", "b"], { pageSize: 10, pageToken }, "q", heavy)).toEqual({
    items: ["b"],
    nextPageToken: "",
  });
});

test("a page has a size that makes sense", () => {
  const ids = Array.from({ length: 1_500 }, (_, at) => String(at).padStart(4, "0"));
  const sizeOf = (pageSize: number) =>
    cutPage(ids, { pageSize, pageToken: "" }, "q", byId).items.length;
  expect(sizeOf(0)).toBe(100);
  expect(sizeOf(5_000)).toBe(1_000);
  expect(() => sizeOf(-1)).toThrow("page_size: must not be negative");
});
