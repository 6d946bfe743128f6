/**
 * Settings given to every git we start: durable, quiet, and without the hooks, signatures and
 * background upkeep that a user's own configuration may ask for. The user's configuration is still
 * read, since it may hold what reaches the remote (credential helpers, proxies, ssh).
 */
export const gitSettings: readonly string[] = [
  "core.fsync=all",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.quotePath=false",
  "core.filesRefLockTimeout=2000",
  "gc.auto=0",
  "maintenance.auto=false",
  "commit.gpgsign=false",
  "tag.gpgsign=false",
  "push.gpgsign=false",
  "push.followTags=false",
  "push.recurseSubmodules=no",
  "fetch.recurseSubmodules=no",
  "submodule.recurse=false",
  "safe.bareRepository=all",
  "color.ui=false",
];

/** Variables of ours that every git gets; none of them can ask a person anything. */
export const ownGitVariables: Readonly<Record<string, string>> = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "",
  // A status of ours must not take the index lock from the agent that works in that tree.
  GIT_OPTIONAL_LOCKS: "0",
};

/** Programs that would ask a person or wait for one, and a folder of system settings. */
const interactive = new Set(["SSH_ASKPASS", "EDITOR", "VISUAL", "PAGER", "PREFIX"]);

/**
 * The environment for a git of ours.
 *
 * Every inherited `GIT_*` is dropped: an inherited `GIT_DIR` would make git write into the
 * repository of whoever started us. So is what would open an editor, a pager or a dialog.
 */
export function gitEnvironment(
  extra: Readonly<Record<string, string>> = {},
  inherited: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined || /^git_/i.test(name) || interactive.has(name)) continue;
    kept[name] = value;
  }
  return { ...kept, LC_ALL: "C", ...ownGitVariables, ...extra };
}
