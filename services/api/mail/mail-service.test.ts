import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  ListMailRequestSchema,
  ReadMailRequestSchema,
  SendMailRequestSchema,
} from "#proto/gastown/v1/mail_service_pb.ts";
import { createBead } from "#services/ledger/drafts.ts";
import { agentField } from "#services/ledger/work-fields.ts";
import { type ScratchTown, scratchTown } from "../scratch-town.ts";
import { mailService } from "./mail-service.ts";

const nux = "rigs/alpha/polecats/nux";

async function scratch() {
  const town = await scratchTown();
  const fields = { [agentField.name]: nux };
  await town.write(
    createBead({ uid: "nux", id: "alpha-agent-nux", title: "nux", issueType: "agent", fields }),
    createBead({ uid: "work", id: "alpha-1", title: "Greet" }),
  );
  return { town, service: mailService(town) };
}

function letter(more: object = {}) {
  return create(SendMailRequestSchema, { to: nux, subject: "Hello", body: "there", ...more });
}

const list = (town: ScratchTown, init: object = {}, by = nux) =>
  mailService(town).listMail(create(ListMailRequestSchema, init), town.by(by));

test("a letter arrives, is read by its receiver, and once only", async () => {
  const { town, service } = await scratch();
  const { mail } = await service.sendMail(letter({ bead: "alpha-1" }), town.by());
  expect(mail).toMatchObject({ from: "overseer", to: nux, bead: "alpha-1", read: false });
  const request = create(ReadMailRequestSchema, { id: mail?.id ?? "" });
  expect((await service.readMail(request, town.by("overseer"))).mail?.read).toBe(false);
  expect((await service.readMail(request, town.by(nux))).mail?.read).toBe(true);
  expect((await list(town)).mail).toMatchObject([{ subject: "Hello", body: "there", read: true }]);
  expect((await list(town, { unreadOnly: true })).mail).toEqual([]);
});

test("a letter that is sent again is one letter, and a reply knows what it answers", async () => {
  const { town, service } = await scratch();
  const context = town.by("overseer", "once");
  const first = await service.sendMail(letter(), context);
  expect(await service.sendMail(letter(), context)).toEqual(first);
  const reply = letter({ to: "overseer", replyTo: first.mail?.id ?? "" });
  const { mail } = await service.sendMail(reply, town.by(nux));
  expect(mail).toMatchObject({ from: nux, replyTo: first.mail?.id });
  expect((await list(town)).mail).toHaveLength(1);
});

test("an inbox is listed the newest first, a page at a time", async () => {
  const { town, service } = await scratch();
  for (const subject of ["one", "two", "three"]) {
    await service.sendMail(letter({ subject }), town.by());
    town.pass(1_000);
  }
  const first = await list(town, { inbox: "nux", pageSize: 2 }, "overseer");
  expect(first.mail?.map(({ subject }) => subject)).toEqual(["three", "two"]);
  await service.sendMail(letter({ subject: "four" }), town.by());
  const pageToken = first.nextPageToken ?? "";
  const rest = await list(town, { inbox: nux, pageSize: 2, pageToken });
  expect(rest.mail?.map(({ subject }) => subject)).toEqual(["one"]);
});

test.for(["overseer", "mayor", "nux", "machines/vm-a/witness", "rigs/alpha/refinery"])(
  "%s has an inbox",
  async (to) => {
    const { town, service } = await scratch();
    const { mail } = await service.sendMail(letter({ to }), town.by());
    expect(mail?.to?.endsWith(to)).toBe(true);
  },
);

test("mail to nobody, about nothing, or without words is refused", async () => {
  const { town, service } = await scratch();
  const send = (more: object) => service.sendMail(letter(more), town.by());
  await expect(send({ to: "nobody" })).rejects.toMatchObject({ reason: "not_found" });
  await expect(send({ bead: "alpha-2" })).rejects.toThrow("no bead alpha-2");
  await expect(send({ to: "", subject: "" })).rejects.toMatchObject({
    violations: [{ field: "to" }, { field: "subject" }],
  });
  const request = create(ReadMailRequestSchema, { id: "alpha-1" });
  await expect(service.readMail(request, town.by())).rejects.toThrow("alpha-1 is no letter");
});
