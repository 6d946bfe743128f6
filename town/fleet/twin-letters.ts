import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import type { World } from "#services/ledger/world.ts";
import { sendMail } from "#services/mail/mail.ts";
import type { Twins } from "#services/telemetry/twins.ts";

/** Tell the overseer, once of each pair, that a copy of a machine's home runs beside it. */
export function twinLetters(world: World, twins: readonly Twins[]): Draft[] {
  return twins.flatMap(({ machine, incarnations }) => {
    const body = [
      `Two processes beat as ${machine}, so one of them runs on a copy of the other's home.`,
      "Terms and epochs keep their work apart, but each hinders the other: end one of the two,",
      "and let it join with an empty home and a name of its own.",
    ].join("\n");
    const subject = `two processes beat as ${machine}: ${incarnations.join(" and ")}`;
    const uid = derivedUid("twins", incarnations.join(" "));
    return sendMail(world, { uid, from: "deacon", to: "overseer", subject, body });
  });
}
