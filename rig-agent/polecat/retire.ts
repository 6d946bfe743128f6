import { rigOf, townPrefix } from "#services/ledger/rigs.ts";
import { hookOf, pin } from "#services/molecules/pin.ts";
import { type Cleared, clearTree } from "./clear-tree.ts";
import { sessionPath } from "./places.ts";
import type { PolecatPorts } from "./ports.ts";
import type { PolecatSession } from "./sessions.ts";
import { setUpMarker } from "./set-up.ts";

/** End a session's processes. Its token opens nothing from here on; its worktree stays. */
export async function endSession(ports: PolecatPorts, name: string): Promise<void> {
  const session = ports.sessions.get(name);
  if (!session || session.state === "removed") return;
  if (session.process) await ports.runtime.end(session.process);
  else await endUnrecorded(ports, session);
  if (session.state === "ended") return;
  const endedAtMs = ports.clock.nowMs();
  await ports.sessions.put({ ...session, state: "ended", token: "", endedAtMs });
}

/** End what a start that was cut off may have left running before it could be written down. */
async function endUnrecorded(ports: PolecatPorts, { name }: PolecatSession): Promise<void> {
  const marker = sessionPath(ports.home, name);
  for (const each of [marker, setUpMarker(marker)]) {
    const found = await ports.runtime.find(each);
    if (found) await ports.runtime.end(found);
  }
}

/**
 * End a session and remove its worktree, see `clearTree`. Doing it twice is doing it once.
 *
 * @param freed whether its claim is over, so that a checkpoint is enough
 */
export async function retire(ports: PolecatPorts, name: string, freed: boolean): Promise<Cleared> {
  await endSession(ports, name);
  const session = ports.sessions.get(name);
  if (!session || session.state === "removed") return { removed: true };
  const cleared = await clearTree(ports, session, freed);
  if (!cleared.removed) {
    await ports.sessions.put({ ...session, kept: cleared.kept });
    return cleared;
  }
  await emptyHook(ports, session);
  const { kept: _kept, ...rest } = session;
  await ports.sessions.put({ ...rest, state: "removed" });
  return cleared;
}

/** Take the molecule off the polecat's hook, unless its next session has begun. */
async function emptyHook(ports: PolecatPorts, session: PolecatSession): Promise<void> {
  const { ledger, machine, sessions } = ports;
  const next = sessions.list().find(({ agent, name, state }) => {
    const begun = state === "starting" || state === "running";
    return begun && agent === session.agent && name !== session.name;
  });
  if (next || hookOf(ledger.world, session.agent) === undefined) return;
  const work = ledger.world.bead(session.bead);
  const prefix = (work && rigOf(work, ledger.world)?.rig.prefix) ?? townPrefix;
  await ledger.append(`machines/${machine}`, pin(ledger.world, session.agent, prefix, null));
}
