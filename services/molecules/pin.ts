import { createBead, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { derivedUid } from "#services/ledger/ids.ts";
import { agentField, hookField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";

/** The uid of an agent's bead. */
export function agentUid(agent: string): string {
  return derivedUid("agent", agent);
}

/**
 * Hang a molecule on an agent's hook, or take off what hangs there; makes the agent's bead where it
 * has none. No drafts when it is so already.
 *
 * @param prefix of the agent's rig, or `hq`
 * @param root the molecule's uid; null empties the hook
 */
export function pin(world: World, agent: string, prefix: string, root: string | null): Draft[] {
  const uid = agentUid(agent);
  const held = world.bead(uid);
  if (held) {
    if ((hookField.read(held) ?? null) === root) return [];
    return [setFields(uid, { [hookField.name]: root })];
  }
  const name = agent.split("/").at(-1) ?? agent;
  const id = `${prefix}-agent-${name}`;
  const fields = { [agentField.name]: agent, [hookField.name]: root };
  return [createBead({ uid, id, title: agent, issueType: "agent", fields })];
}

/** The root that hangs on an agent's hook. */
export function hookOf(world: World, agent: string): string | undefined {
  const bead = world.bead(agentUid(agent));
  return bead && hookField.read(bead);
}
