import { expect, test } from "vitest";
import { inbox } from "#services/mail/mail.ts";
import { moleculeOf } from "#services/molecules/progress.ts";
import type { PolecatPorts } from "./ports.ts";
import { openStage } from "./stage.ts";

/** Ports that stop the whole process at one effect, before it happens or just after. */
function crashAt(ports: PolecatPorts, at: number, when: "before" | "after", crash: () => void) {
  let count = 0;
  const fragile = <A extends unknown[], R>(effect: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      count += 1;
      const isHere = count === at;
      const isDead = count > at || (isHere && when === "before");
      const result = isDead ? undefined : await effect(...args);
      if (count < at) return result as R;
      crash();
      return new Promise<R>(() => {}); // A dead process does nothing more.
    };
  };
  const { git, ledger, sessions, runtime } = ports;
  return {
    ...ports,
    sessions: { ...sessions, put: fragile(sessions.put) },
    ledger: { ...ledger, append: fragile(ledger.append) },
    runtime: { ...runtime, start: fragile(runtime.start) },
    git: {
      ...git,
      ensureClone: fragile(git.ensureClone),
      addWorktree: fragile(git.addWorktree),
    },
    equip: fragile(ports.equip),
  };
}

// To the disk, after one is before the next, but for the two that start a process.
const before = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((at) => ({ at, when: "before" as const }));
const after = [4, 8, 10].map((at) => ({ at, when: "after" as const }));

test.for([...before, ...after])(
  "killed $when its effect $at, a start goes on and nothing is there twice",
  async ({ at, when }) => {
    await using stage = await openStage({
      setup: "echo x >> set-up.txt",
      worker: "say('up ' + process.env.GT_EPOCH); stay();",
    });
    const uid = await stage.claim("al-1", "1.1");
    const dead = Promise.withResolvers<void>();
    await stage.start((ports) => crashAt(ports, at, when, dead.resolve));
    await dead.promise;
    const { ports } = await stage.startAnew();
    const { world } = stage.ledger;
    await stage.until(() => {
      const running = ports.sessions.get("nux-al-1-1-1-0")?.state === "running";
      return running && stage.heard.length > 0 && inbox(world, "deacon").length > 0;
    });
    expect(stage.heard).toEqual(["up 1.1.0"]);
    expect(inbox(world, "deacon")).toHaveLength(1);
    const letters = inbox(world, "rigs/alpha/polecats/nux");
    expect(letters.map(({ title }) => title)).toEqual(["ASSIGNMENT"]);
    expect(world.ofType("molecule")).toHaveLength(1);
    expect(moleculeOf(world, uid)?.steps[0]?.state).toBe("ready");
    expect(world.bead(uid)?.claim?.respawn).toBe(0);
    expect(world.state(uid)?.spawns.size).toBe(1);
    expect(stage.failures).toEqual([]);
  },
);
