import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GetHookRequestSchema, PrimeRequestSchema } from "#proto/gastown/v1/molecule_service_pb.ts";
import { setFields } from "#services/ledger/drafts.ts";
import { slingField } from "#services/ledger/work-fields.ts";
import { assignmentLetter } from "#services/mail/letters.ts";
import { sendMail } from "#services/mail/mail.ts";
import { pin } from "#services/molecules/pin.ts";
import { scratchWork } from "#services/molecules/scratch-work.ts";
import { callBy, scratchPorts } from "../scratch-call.ts";
import { getHook } from "./get-hook.ts";
import { prime } from "./prime.ts";

test("a worker's hook tells the work, the next step, and how to do it", async () => {
  const scratch = await scratchWork({ "gt.patch": "diff" });
  await scratch.complete("load-context");
  const hook = getHook(scratchPorts(scratch));
  const answer = await hook(create(GetHookRequestSchema), callBy(scratch.worker.agent, "r"));
  expect(answer).toMatchObject({
    agent: scratch.worker.agent,
    molecule: { id: "alpha-1.mol", bead: "alpha-1", epoch: "1.1" },
    bead: { id: "alpha-1", metadata: { gt: { patch: "diff" } } },
    next: { name: "branch-setup" },
    continueFrom: "commit-of-load-context",
    worktree: scratch.worker.worktree,
    branch: scratch.worker.branch,
    runtime: "patch",
    gates: ["npm test"],
  });
});

test("a command that was slung along makes the runtime shell", async () => {
  const scratch = await scratchWork();
  await scratch.write(setFields("work", { [slingField.name]: { command: "date > now" } }));
  const hook = getHook(scratchPorts(scratch));
  const answer = await hook(create(GetHookRequestSchema), callBy(scratch.worker.agent, "r"));
  expect(answer).toMatchObject({ runtime: "shell", command: "date > now" });
});

test("anybody may look at the hook of anybody; an empty one shows nothing", async () => {
  const scratch = await scratchWork();
  const { ledger, worker, molecule } = scratch;
  await scratch.write(...pin(ledger.world, worker.agent, "alpha", molecule().root.uid));
  const hook = getHook(scratchPorts(scratch));
  const overseer = callBy("overseer", "r");
  const seen = await hook(create(GetHookRequestSchema, { agent: worker.agent }), overseer);
  expect(seen).toMatchObject({ bead: { id: "alpha-1" }, worktree: "" });
  const own = await hook(create(GetHookRequestSchema), overseer);
  expect(own.molecule).toBeUndefined();
  expect(own.agent).toBe("overseer");
});

test("prime gives the caller's page and counts its letters", async () => {
  const { ledger, worker, work, write } = await scratchWork();
  const letter = assignmentLetter({ ...worker, work: work() }, "mayor", worker.branch);
  await write(...sendMail(ledger.world, letter));
  const ask = (role: string, principal: string) =>
    prime({ ledger })(create(PrimeRequestSchema, { role }), callBy(principal, "r"));
  const page = await ask("", worker.agent);
  expect(page).toMatchObject({ role: "polecat", unreadMail: 1 });
  expect(page.page).toContain("You are a polecat");
  expect(await ask("mayor", "overseer")).toMatchObject({ role: "mayor", unreadMail: 0 });
  await expect(ask("king", "overseer")).rejects.toMatchObject({ reason: "invalid" });
});
