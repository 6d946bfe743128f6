import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GetMoleculeRequestSchema } from "#proto/gastown/v1/molecule_service_pb.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { scratchWork } from "#services/molecules/scratch-work.ts";
import { callBy } from "../scratch-call.ts";
import { getMolecule } from "./get-molecule.ts";

test("a molecule is found by its root, a step, and the bead it works on", async () => {
  const scratch = await scratchWork();
  await scratch.complete("load-context");
  await scratch.write(createBead({ uid: "idle", id: "alpha-2", title: "idle" }));
  const get = (id: string) => {
    const request = create(GetMoleculeRequestSchema, { id });
    return getMolecule(scratch)(request, callBy("overseer", "r"));
  };
  const { molecule } = await get("alpha-1");
  expect(molecule).toMatchObject({ id: "alpha-1.mol", bead: "alpha-1", epoch: "1.1" });
  expect(molecule?.steps?.slice(0, 2)).toMatchObject([
    { name: "load-context", state: "done", summary: "did load-context" },
    { name: "branch-setup", state: "ready" },
  ]);
  expect(await get("alpha-1.mol")).toEqual({ molecule });
  expect(await get("alpha-1.mol.implement")).toEqual({ molecule });
  await expect(get("alpha-2")).rejects.toThrow("alpha-2 has no molecule now");
  await expect(get("alpha-9")).rejects.toThrow("no bead alpha-9");
});
