import type { Bead } from "#services/ledger/bead.ts";
import { isDispatchable } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import type { World } from "#services/ledger/world.ts";
import { assignmentOf, presetNamed } from "#services/runtime/presets.ts";
import { refusedState } from "../find-bead.ts";

/** What was asked of the runtime, empty where nothing was. */
export type Asked = { readonly runtime: string; readonly command: string };

/** The open work that is slung with a bead: itself, or what hangs below an epic at any depth. */
export function slungWith(bead: Bead, world: World): Bead[] {
  const seen = new Set<string>();
  const open = [bead];
  const found: Bead[] = [];
  for (let at = open.pop(); at; at = open.pop()) {
    if (seen.has(at.uid)) continue;
    seen.add(at.uid);
    if (isDispatchable(at) && at.status !== "closed") found.push(at);
    open.push(...world.children(at.uid));
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Refuse to sling what no polecat would know how to work on. */
export function refuseWithoutRuntime(beads: readonly Bead[], asked: Asked, world: World): void {
  if (asked.runtime !== "") return;
  const lacking = beads.filter((bead) => rigOf(bead, world) && !isWorkable(bead, world));
  const [first] = lacking;
  if (!first) return;
  const ids = lacking.map(({ id }) => id).join(", ");
  const have = lacking.length === 1 ? "has" : "have";
  const why = `${ids} ${have} no patch, and no runtime is known for them`;
  throw refusedState(first.id, `${why}: say --runtime, --command, or give the rig a default`);
}

function isWorkable(bead: Bead, world: World): boolean {
  const { runtime, command } = assignmentOf(world, bead);
  if (runtime === "") return false;
  return presetNamed(runtime).name !== "shell" || command !== "";
}

/** What slinging an epic came to, for people. */
export function tellSlung(epic: Bead, reopened: readonly string[], world: World): string[] {
  if (epic.issueType !== "epic") return [];
  const below = slungWith(epic, world);
  const homeless = below.filter((bead) => !rigOf(bead, world)).map(({ id }) => id);
  const count = below.length - homeless.length;
  return [
    `${count} open ${count === 1 ? "bead" : "beads"} below it ${count === 1 ? "is" : "are"} slung`,
    ...(reopened.length > 0 ? [`open again: ${reopened.join(", ")}`] : []),
    ...(homeless.length > 0
      ? [`skipped, since they belong to no rig: ${homeless.join(", ")}`]
      : []),
  ];
}
