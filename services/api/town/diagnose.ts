import { isUnheard } from "#services/api/fleet/fleet-message.ts";
import { isHeld } from "#services/ledger/bead.ts";
import { lostField, machineNamed, machines, serves } from "#services/ledger/machines.ts";
import { openWork } from "#services/ledger/readiness.ts";
import { holderOf, rigs } from "#services/ledger/rigs.ts";
import { busyTrouble } from "#services/telemetry/busy.ts";
import { watchFleet } from "#services/telemetry/watch-fleet.ts";
import { brokenInvariants } from "./check-invariants.ts";
import { withoutTakers } from "./diagnose-takers.ts";
import { versionTroubles } from "./diagnose-versions.ts";
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
  return [
    ...links,
    fleet(ports),
    takers(ports),
    homes(ports),
    versions(ports),
    authorities(ports),
    held(ports),
    invariants(ports),
  ];
}

function versions(ports: TownPorts): Finding {
  const remedy =
    "bring both to one version, the town first; a machine may be one wire version behind";
  return finding("versions", versionTroubles(ports), "all speak with each other", remedy);
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

function fleet(ports: TownPorts): Finding {
  const { ledger: here, peers, bus: link, nowMs, startedMs } = ports;
  const { world } = here;
  const braked = brakedOf(ports);
  const problems = machines(world).flatMap(({ bead, machine: { name }, lostSince }) => {
    if (lostSince !== undefined) {
      const why = lostField.read(bead)?.why ?? "";
      return [`${name} is lost since ${lostSince} (${why})`];
    }
    const busy = busyTrouble(peers.of(name));
    if (!isUnheard(name, peers)) return busy === undefined ? [] : [`${name} is ${busy}`];
    const heardMs = peers.of(name)?.heardMs ?? startedMs;
    return [`${name} not heard for ${Math.round((nowMs() - heardMs) / 1_000)} s`];
  });
  if (braked.length > 1) {
    const held = "fell silent with most of the fleet, so none of them is taken for lost yet";
    problems.push(`${braked.join(", ")} ${held}`);
  }
  const well = link.isUp() ? "all are heard" : "cannot be judged without the bus";
  const start = "on that machine `gt up`, or `gt join` again, starts its rig-agent";
  const confirm = `; if it is gone, \`gt machine lost ${braked[0]}\` lets others take over at once`;
  return finding("machines", problems, well, braked.length > 1 ? start + confirm : start);
}

function takers(ports: TownPorts): Finding {
  const { problems, remedy } = withoutTakers(ports);
  return finding("waiting work", problems, "each rig's has a machine that takes it", remedy);
}

function homes({ refusedHomes, peers }: TownPorts): Finding {
  const twins = peers.twins().map(({ machine, incarnations }) => {
    const who = incarnations.join(" and ");
    return `two processes beat as ${machine}: ${who}; one runs on a copy of the other's home`;
  });
  const remedy =
    "end the second one, and give it another name and an empty home; if the first one is gone, " +
    "`gt machine lost <name> --for-good` lets the second one have its name";
  return finding("homes", [...twins, ...(refusedHomes?.() ?? [])], "one for each name", remedy);
}

/** Who would be lost but for the storm brake, as this endpoint hears it. */
function brakedOf({ ledger: { world }, peers, nowMs, lossLimits }: TownPorts): readonly string[] {
  const clock = { nowMs, after: () => () => {} };
  const limits = lossLimits ?? {};
  return watchFleet({ world, peers, clock, limits }).verdict().braked;
}

function authorities({ ledger: { world }, peers }: TownPorts): Finding {
  const without = rigs(world).flatMap((enrolled) => {
    const { rig, appointed, authority } = enrolled;
    const holder = holderOf(enrolled);
    if (holder === undefined) return [`rig ${rig.name} has no authority yet`];
    const overtaken =
      appointed && appointed.machine !== holder
        ? [
            `${holder} took rig ${rig.name} by itself (term ${authority?.term}): ` +
              `${appointed.machine} was appointed, and the town adopts ${holder} once it is ready`,
          ]
        : [];
    const host = machineNamed(world, holder);
    const nothing = "nothing is claimed or landed";
    if (!host) {
      return [...overtaken, `the authority of rig ${rig.name}, ${holder}, is gone: ${nothing}`];
    }
    if (host.lostSince !== undefined) {
      const others = machines(world).some((each) => {
        const isOther = each.machine.name !== holder && serves(each.machine, rig);
        return isOther && each.state === "ready" && each.lostSince === undefined;
      });
      const next = others ? "another machine is about to have it" : `${nothing}, nobody else can`;
      return [...overtaken, `the authority of rig ${rig.name}, ${holder}, is lost: ${next}`];
    }
    if (!isUnheard(holder, peers)) return overtaken;
    const move = `\`gt rig move ${rig.name} --to <another>\` gives it away now`;
    const silent = `the authority of rig ${rig.name}, ${holder}, is silent: ${nothing}`;
    return [...overtaken, `${silent}; ${move}`];
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

function invariants({ ledger: { world } }: TownPorts): Finding {
  const remedy = "`gt log <bead>` tells how it came to that; please report it";
  return finding("invariants", brokenInvariants(world), "hold, as far as the ledger shows", remedy);
}
