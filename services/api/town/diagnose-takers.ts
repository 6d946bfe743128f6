import { isUnheard } from "#services/api/fleet/fleet-message.ts";
import { type EnrolledMachine, machines, serves } from "#services/ledger/machines.ts";
import { readyBeads, slingOf } from "#services/ledger/readiness.ts";
import { rigOf, rigs } from "#services/ledger/rigs.ts";
import type { TownPorts } from "./town-service.ts";

/** Rigs whose work waits though no machine takes any, a sentence each; and who could again. */
export function withoutTakers(ports: Pick<TownPorts, "ledger" | "peers" | "nowMs">): {
  readonly problems: readonly string[];
  readonly remedy: string;
} {
  const { ledger, peers, nowMs } = ports;
  const { world } = ledger;
  const waiting = new Map<string, number>();
  for (const bead of readyBeads(world, nowMs())) {
    const name = rigOf(bead, world)?.rig.name;
    if (name === undefined || slingOf(bead, world) === undefined) continue;
    waiting.set(name, (waiting.get(name) ?? 0) + 1);
  }
  const closed = new Set<string>();
  const problems = rigs(world).flatMap(({ rig }) => {
    const count = waiting.get(rig.name);
    const serving = machines(world).filter(({ machine }) => serves(machine, rig));
    const states = serving.map((host) => ({ host, why: closure(host, peers) }));
    if (count === undefined || states.some(({ why }) => why === undefined)) return [];
    for (const { host } of states) if (host.state !== "ready") closed.add(host.machine.name);
    const who = states.map(({ host, why }) => `${host.machine.name} is ${why}`).join(", ");
    const beads = count === 1 ? "1 bead waits" : `${count} beads wait`;
    return [`${beads} in rig ${rig.name} and no machine takes work: ${who || "none serves it"}`];
  });
  const calls = [...closed].map((name) => `\`gt machine uncordon ${name}\``);
  const start = "start the rig-agent of one, or `gt join` another machine";
  return { problems, remedy: calls.length > 0 ? `${calls.join(" or ")}, or ${start}` : start };
}

function closure(
  { machine, state, lostSince }: EnrolledMachine,
  peers: TownPorts["peers"],
): string | undefined {
  if (lostSince !== undefined) return "lost";
  if (state !== "ready") return state;
  return isUnheard(machine.name, peers) ? "silent" : undefined;
}
