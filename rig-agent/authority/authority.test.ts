import { expect, test } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { createBead, releaseBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { type Ledger, openLedger } from "#services/ledger/ledger.ts";
import { fleetLimits } from "#services/telemetry/judge-fleet.ts";
import type { FleetWatch } from "#services/telemetry/watch-fleet.ts";
import { type AuthorityPorts, govern } from "./authority.ts";
import { ChainWatch, type ShownChain } from "./chain-watch.ts";
import { LostSince } from "./release-lost.ts";
import { Terms } from "./terms.ts";

const nowMs = () => 1_000_000;

async function town(...drafts: Draft[]): Promise<Ledger> {
  const disk = new MemoryDisk();
  const ledger = await openLedger({ dir: "/j", machine: "vm-a", disk, nowMs });
  await ledger.append("overseer", [rig("alpha", ["vm-a"]), machine("vm-a"), ...drafts]);
  return ledger;
}

function rig(name: string, machines: string[]): Draft {
  const fields = { "gt.rig": { name, prefix: name, remote: "r", target: "main", machines } };
  return createBead({
    uid: `rig-${name}`,
    id: `hq-rig-${name}`,
    title: name,
    issueType: "rig",
    fields,
  });
}

function machine(name: string, polecatsMax = 4): Draft {
  const fields = { "gt.machine": { name, polecatsMax } };
  const id = `hq-machine-${name}`;
  return createBead({ uid: `m-${name}`, id, title: name, issueType: "machine", fields });
}

function bead(uid: string, fields: Parameters<typeof createBead>[0]["fields"] = {}): Draft {
  return createBead({
    uid,
    id: `alpha-${uid}`,
    title: uid,
    fields: { "gt.sling": { by: "me" }, ...fields },
  });
}

const placed = { "gt.placement": { machine: "vm-a", reasons: [], claim: "" } };

/** A town whose bus is up, and where nobody was ever silent. */
const quiet: FleetWatch = {
  limits: fleetLimits,
  verdict: () => ({ lost: new Map(), braked: [] }),
  isDeaf: () => false,
  silentMs: () => 0,
};

/** What the rig's remote shows, by ledger. */
const remotes = new WeakMap<Ledger, ShownChain>();

function shown(ledger: Ledger): ShownChain {
  return remotes.get(ledger) ?? { tip: undefined, term: 0, holder: undefined };
}

function ports(ledger: Ledger, more: Partial<AuthorityPorts> = {}): AuthorityPorts {
  return {
    ledger,
    machine: "vm-a",
    terms: new Terms(),
    nowMs,
    mayTry: () => true,
    signal: new AbortController().signal,
    chains: new ChainWatch(),
    lostSince: new LostSince(),
    fleet: quiet,
    readChain: async () => shown(ledger),
    takeTerm: async ({ rig: { name } }, { seenTerm }) => {
      const term = Math.max(seenTerm, shown(ledger).term) + 1;
      remotes.set(ledger, { tip: `t${term}`, term, holder: ledger.writer });
      return { rig: name, term, tip: `t${term}`, repoDir: "/r" };
    },
    rewound: async () => {},
    formerWork: async (_, beads) => new Map(beads.map(({ uid }) => [uid, undefined])),
    reconcile: async () => {},
    isTownHeard: () => true,
    isHeard: () => true,
    failed: (error) => {
      throw error;
    },
    ...more,
  };
}

test("a placed bead is claimed under the term, and only once", async () => {
  const ledger = await town(bead("a", placed), bead("b"));
  const held = ports(ledger);
  await govern(held);
  await govern(held);
  const claim = ledger.world.bead("a")?.claim;
  expect(claim).toMatchObject({ epoch: "1.1", machine: "vm-a" });
  expect(ledger.world.state("a")?.claims.size).toBe(1);
  expect(ledger.world.bead("b")?.claim).toBeUndefined();
});

test("what was placed on a machine that was lost since is not claimed there", async () => {
  const lost = { sinceAt: "2026-01-01T00:00:00Z", why: "silent" };
  const policy = { name: "alpha", prefix: "alpha", remote: "r", target: "main", onLoss: "wait" };
  const ledger = await town(
    machine("vm-b"),
    setFields("m-vm-b", { "gt.lost": lost }),
    setFields("rig-alpha", { "gt.rig": policy, "gt.appointed": { machine: "vm-a", term: 0 } }),
    bead("a", { "gt.placement": { machine: "vm-b", reasons: [], claim: "" } }),
  );
  await govern(ports(ledger));
  expect(ledger.world.bead("a")?.claim).toBeUndefined();
  await ledger.append("deacon", [setFields("m-vm-b", { "gt.lost": null })]);
  await govern(ports(ledger));
  expect(ledger.world.bead("a")?.claim?.machine).toBe("vm-b");
});

test("a start takes a new term, and a re-claim rises above the last epoch", async () => {
  const ledger = await town(bead("a", placed));
  await govern(ports(ledger));
  await ledger.append("overseer", [
    releaseBead("a", "1.1", "gone"),
    setFields("a", { "gt.placement": { machine: "vm-a", reasons: [], claim: "1.1" } }),
  ]);
  await govern(ports(ledger));
  expect(ledger.world.bead("a")?.claim?.epoch).toBe("2.2");
});

test("a placement that saw an older claim is no longer valid", async () => {
  const ledger = await town(bead("a", placed));
  await govern(ports(ledger));
  await ledger.append("overseer", [releaseBead("a", "1.1", "gone")]);
  await govern(ports(ledger));
  expect(ledger.world.state("a")?.claims.size).toBe(1);
});

test("nothing is claimed before the chain is reconciled and the term taken", async () => {
  const ledger = await town(bead("a", placed));
  const order: string[] = [];
  const failed: string[] = [];
  const away = new Error("remote away");
  const takeTerm = () => Promise.reject(away);
  await govern(ports(ledger, { takeTerm, failed: (_, name) => failed.push(name) }));
  expect(failed).toEqual(["alpha"]);
  expect(ledger.world.bead("a")?.claim).toBeUndefined();
  ledger.onChange(({ event }) => order.push(event.op));
  await govern(ports(ledger, { reconcile: async () => void order.push("reconcile") }));
  expect(order[0]).toBe("reconcile");
  expect(order).toContain("claim");
});

test("a term is dropped when the authority moves to another machine", async () => {
  const ledger = await town(bead("a", placed));
  const held = ports(ledger);
  await govern(held);
  await ledger.append("overseer", [
    setFields("rig-alpha", { "gt.appointed": { machine: "vm-b", term: 1 } }),
  ]);
  await govern(held);
  expect(held.terms.of("alpha")).toBeUndefined();
});

test("a later term in the ledger ends ours, and the next claim has one of its own", async () => {
  const ledger = await town(bead("a", placed));
  const held = ports(ledger);
  await govern(held);
  const later = { machine: "vm-a", term: 7 };
  remotes.set(ledger, { tip: "t7", term: 7, holder: "vm-a.twin" });
  await ledger.append("twin", [setFields("rig-alpha", { "gt.authority": later })]);
  await govern(held);
  expect(held.terms.of("alpha")?.term).toBe(8);
});

test("with the town silent the authority plans for its own rig, within its room", async () => {
  const ledger = await town(machine("vm-a", 1), bead("a"), bead("b"));
  await govern(ports(ledger, { isTownHeard: () => false }));
  const claims = ["a", "b"].flatMap((uid) => ledger.world.bead(uid)?.claim ?? []);
  expect(claims).toHaveLength(1);
});

test("what the town placed before it fell silent is claimed without it", async () => {
  const ledger = await town(bead("a", placed));
  await govern(ports(ledger, { isTownHeard: () => false }));
  expect(ledger.world.bead("a")?.claim).toMatchObject({ epoch: "1.1", machine: "vm-a" });
});

test("nothing is claimed for a machine that was cordoned since", async () => {
  const cordon = setFields("m-vm-a", { "gt.machine_state": "cordoned" });
  const ledger = await town(bead("a", placed), cordon);
  await govern(ports(ledger));
  expect(ledger.world.bead("a")?.claim).toBeUndefined();
});
