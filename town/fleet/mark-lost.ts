import { setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { lossConfirmedField, lostField, machines } from "#services/ledger/machines.ts";
import type { World } from "#services/ledger/world.ts";
import { sendMail } from "#services/mail/mail.ts";
import type { FleetVerdict } from "#services/telemetry/judge-fleet.ts";

/**
 * Write down who is lost, and take it back of whoever was heard again, with what the overseer said
 * of that silence: the next one is another.
 *
 * @param heardMs when a machine was heard last by our clock; undefined: not since our start
 */
export function lossDrafts(
  world: World,
  verdict: FleetVerdict,
  heardMs: (machine: string) => number | undefined,
): Draft[] {
  return machines(world).flatMap(({ bead, machine, lostSince }) => {
    const loss = verdict.lost.get(machine.name);
    if (loss && lostSince === undefined) {
      const lost = { sinceAt: new Date(loss.sinceMs).toISOString(), why: loss.why };
      return [setFields(bead.uid, { [lostField.name]: lost })];
    }
    const confirmedMs = Date.parse(lossConfirmedField.read(bead)?.at ?? "");
    const isOver = !loss && confirmedMs <= (heardMs(machine.name) ?? 0);
    const taken = {
      ...(!loss && lostSince !== undefined && { [lostField.name]: null }),
      ...(isOver && { [lossConfirmedField.name]: null }),
    };
    return Object.keys(taken).length > 0 ? [setFields(bead.uid, taken)] : [];
  });
}

/**
 * Tell the overseer once of a storm that the brake holds; alone nobody can know whose fault it is.
 *
 * @param episode what tells this storm from another
 */
export function brakeLetter(world: World, verdict: FleetVerdict, episode: string): Draft[] {
  const { braked } = verdict;
  const subject = `${braked.length} machines fell silent at once: ${braked.join(", ")}`;
  const body = [
    "More than half of the fleet went silent together, so the fault is taken to be ours (the bus,",
    "the network, this host), and none of these is held for lost: their work waits for them.",
    "",
    "If they are gone, say so, and others take over at once:",
    ...braked.map((name) => `  gt machine lost ${name}`),
    "Without a word they are held for lost after ten times the usual silence.",
  ].join("\n");
  const uid = derivedUid("storm-brake", episode);
  return sendMail(world, { uid, from: "deacon", to: "overseer", subject, body });
}
