import { TownError } from "#services/rpc/town-error.ts";

/** What hangs on the worker's hook, as far as this program needs it. */
export type Assignment = {
  readonly bead: string;
  readonly title: string;
  readonly runtime: string;
  readonly command: string;
  readonly patch: string | undefined;
  /** Commands to run in the worktree. */
  readonly gates: readonly string[];
  /** Names of the steps that are not done, in order. */
  readonly steps: readonly string[];
};

type Json = Readonly<Record<string, unknown>>;

/**
 * Read what `gt hook --json` printed. By hand, since loading a schema library takes longer than
 * everything else that this program does before its first step.
 *
 * @throws TownError `state` when nothing hangs there
 */
export function readAssignment(hook: Json): Assignment {
  const [molecule, bead] = [object(hook["molecule"]), object(hook["bead"])];
  if (!molecule || !bead) throw new TownError("state", "nothing hangs on the hook");
  const steps = list(molecule["steps"]).map((step) => object(step) ?? {});
  const gt = object(object(bead["metadata"])?.["gt"]);
  const patch = gt?.["patch"];
  return {
    bead: text(bead["id"]),
    title: text(bead["title"]),
    runtime: text(hook["runtime"]),
    command: text(hook["command"]),
    patch: typeof patch === "string" ? patch : undefined,
    gates: list(hook["gates"]).map(text),
    steps: steps.filter(({ state }) => state !== "done").map(({ name }) => text(name)),
  };
}

/** Ids of the letters that `gt mail inbox --json` printed. */
export function readInbox(inbox: Json): readonly { id: string; subject: string }[] {
  return list(inbox["mail"]).map((mail) => {
    const { id, subject } = object(mail) ?? {};
    return { id: text(id), subject: text(subject) };
  });
}

function object(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null ? (value as Json) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
