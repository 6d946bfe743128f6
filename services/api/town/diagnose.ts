import { isUnheard } from "#services/api/fleet/fleet-message.ts";
import { isHeld } from "#services/ledger/bead.ts";
import { machineNamed, machines } from "#services/ledger/machines.ts";
import { openWork } from "#services/ledger/readiness.ts";
import { holderOf, rigs } from "#services/ledger/rigs.ts";
import type { TownPorts } from "./town-service.ts";

/** One named check: what was found, and what to do where it is not well. */
export type Finding = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy: string;
};

/** Look at the whole; every check is named, well or not. */
export function diagnose(ports: TownPorts): Finding[] {
  const links = [bus(ports), remote(ports), ...main(ports), ledger(ports)];
  return [...links, fleet(ports), authorities(ports), held(ports)];
}

function finding(name: string, problems: readonly string[], well: string, remedy: string): Finding {
  const ok = problems.length === 0;
  return { name, ok, detail: ok ? well : problems.join("; "), remedy: ok ? "" : remedy };
}

function bus({ bus: link }: TownPorts): Finding {
  if (link.version === "none") {
    return finding("bus", [], "none: everything goes over git, slower", "");
  }
  const problems = link.isUp() ? [] : ["NATS does not answer; work goes on over git, slower"];
  const remedy = "start nats-server again; everything catches up by itself";
  return finding("bus", problems, `${link.kind} ${link.version} is up`, remedy);
}

function remote({ isRemoteUp }: TownPorts): Finding {
  const problems = isRemoteUp() ? [] : ["the ledger's git remote does not answer"];
  const remedy = "bring the remote back; what waits here is pushed then";
  return finding("ledger remote", problems, "answers", remedy);
}

function main({ mainStanding }: TownPorts): Finding[] {
  if (!mainStanding) return [];
  const { ok, detail } = mainStanding();
  const remedy = "end one of the two towns; the one that is started last writes main";
  return [{ name: "ledger main", ok, detail, remedy: ok ? "" : remedy }];
}

function ledger({ ledger: { alarms, gaps } }: TownPorts): Finding {
  const shown = alarms().slice(-5);
  const problems = [
    ...shown.map(({ kind, detail }) => `${kind}: ${detail}`),
    ...gaps().map((writer) => `events of ${writer} are missing here`),
  ];
  const remedy = "a gap closes by itself; for the rest look at the named file and line";
  return finding("ledger", problems, "whole", remedy);
}

function fleet({ ledger: { world }, peers, bus: link, nowMs, startedMs }: TownPorts): Finding {
  const silent = machines(world)
    .map(({ machine }) => machine.name)
    .filter((name) => isUnheard(name, peers))
    .map((name) => {
      const heardMs = peers.of(name)?.heardMs ?? startedMs;
      return `${name} not heard for ${Math.round((nowMs() - heardMs) / 1_000)} s`;
    });
  const well = link.isUp() ? "all are heard" : "cannot be judged without the bus";
  return finding(
    "machines",
    silent,
    well,
    "on that machine `gt up`, or `gt join` again, starts its rig-agent",
  );
}

function authorities({ ledger: { world }, peers }: TownPorts): Finding {
  const without = rigs(world).flatMap((enrolled) => {
    const { rig } = enrolled;
    const holder = holderOf(enrolled);
    if (holder === undefined) return [`rig ${rig.name} has no authority yet`];
    if (!isUnheard(holder, peers)) return [];
    return [`the authority of rig ${rig.name}, ${holder}, is silent: nothing is claimed or landed`];
  });
  const remedy = "start that machine's rig-agent, or one that serves the rig: gt join --rigs <rig>";
  return finding("authorities", without, "every rig has one", remedy);
}

function held({ ledger: { world } }: TownPorts): Finding {
  const orphans = openWork(world)
    .filter(isHeld)
    .filter(({ claim }) => claim && !machineNamed(world, claim.machine))
    .map(({ id, claim }) => `${id} is claimed on ${claim?.machine}, which is not enrolled`);
  return finding("claims", orphans, "every claim is on an enrolled machine", "gt show <bead>");
}
