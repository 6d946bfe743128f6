import { fileURLToPath } from "node:url";
import type { Bead } from "#services/ledger/bead.ts";
import { slingOf } from "#services/ledger/readiness.ts";
import { rigOf } from "#services/ledger/rigs.ts";
import { patchField } from "#services/ledger/work-fields.ts";
import type { World } from "#services/ledger/world.ts";
import { TownError } from "#services/rpc/town-error.ts";

/** A way of working on a bead: which program a polecat runs in its worktree. */
export type Preset = {
  readonly name: string;
  /** The program with its arguments; no shell reads them. */
  readonly argv: readonly string[];
};

const worker = [process.execPath, fileURLToPath(new URL("./worker/worker.ts", import.meta.url))];

/** Every known preset. Those of coding agents will stand here too. */
const presets: readonly Preset[] = [
  { name: "patch", argv: worker },
  { name: "shell", argv: worker },
];

/** A preset by its name. Throws `invalid` that names those there are. */
export function presetNamed(name: string): Preset {
  const preset = presets.find((each) => each.name === name);
  if (preset) return preset;
  const description = `no runtime ${name}; there are ${presets.map((p) => p.name).join(", ")}`;
  throw new TownError("invalid", description, { violations: [{ field: "runtime", description }] });
}

/** How a bead is to be worked on. */
export type Assignment = {
  /** A preset's name; empty where neither bead nor rig says. */
  readonly runtime: string;
  /** The command of the `shell` runtime. */
  readonly command: string;
};

/** What was asked for, else what the bead brings along, else the rig's default. */
export function assignmentOf(world: World, work: Bead): Assignment {
  const { runtime, command = "" } = slingOf(work, world) ?? {};
  const brings = patchField.read(work) === undefined ? (command ? "shell" : "") : "patch";
  const fallback = rigOf(work, world)?.rig.defaultRuntime ?? "";
  return { runtime: runtime || brings || fallback, command };
}
