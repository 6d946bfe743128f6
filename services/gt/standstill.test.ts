import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BeadSchema } from "#proto/gastown/v1/bead_pb.ts";
import { BeadNodeSchema } from "#proto/gastown/v1/work_service_pb.ts";
import { standstill, waitedOutside } from "./standstill.ts";

type Part = MessageInitShape<typeof BeadSchema>;

const bead = (part: Part) => create(BeadSchema, { status: "open", ...part });
const waitsFor = (id: string) => ({ dependencies: [{ dependsOnId: id, type: "blocks" }] });

function epic(...parts: Part[]) {
  const children = parts.map((part) => ({ bead: bead({ parent: "hq-1", ...part }) }));
  return create(BeadNodeSchema, { bead: bead({ id: "hq-1", issueType: "epic" }), children });
}

const ids = (beads: readonly { id: string }[]) => beads.map(({ id }) => id);

test.for<{ what: string; parts: Part[]; still: string[] }>([
  { what: "a deferred part", parts: [{ id: "a", status: "deferred" }], still: ["a"] },
  {
    what: "parts that wait for it, over two edges",
    parts: [
      { id: "z", status: "closed" },
      { id: "a", status: "deferred" },
      { id: "b", ...waitsFor("a") },
      { id: "c", ...waitsFor("b") },
    ],
    still: ["a"],
  },
  {
    what: "another part that is ready",
    parts: [{ id: "a", status: "deferred" }, { id: "b" }],
    still: [],
  },
  {
    what: "another part that is worked on",
    parts: [
      { id: "a", status: "deferred" },
      { id: "b", status: "in_progress", claim: { machine: "vm-a" } },
    ],
    still: [],
  },
  { what: "nothing but closed parts", parts: [{ id: "a", status: "closed" }], still: [] },
])("with $what, $still hold the epic up", ({ parts, still }) => {
  expect(ids(standstill(epic(...parts)))).toEqual(still);
});

test("a single bead, and one outside the tree, hold up what waits for them", () => {
  const single = create(BeadNodeSchema, { bead: bead({ id: "a", status: "deferred" }) });
  expect(ids(standstill(single))).toEqual(["a"]);
  const tree = epic({ id: "a", ...waitsFor("other-1") });
  expect(waitedOutside(tree)).toEqual(["other-1"]);
  expect(standstill(tree, [bead({ id: "other-1" })])).toEqual([]);
  const put = [bead({ id: "other-1", status: "deferred" })];
  expect(ids(standstill(tree, put))).toEqual(["other-1"]);
});
