const secretName = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY/i;

/** What our own process was started with and a gate has no business with. */
const ours = /^(?:GT|GIT|NATS)_|^npm_(?:lifecycle|package|command|config_local_prefix)/i;
const oursByName = new Set([
  "NODE_OPTIONS",
  "NODE_COMPILE_CACHE",
  "SSH_AUTH_SOCK",
  "SSH_AGENT_PID",
]);

/**
 * The environment of a gate: that of this process without our own settings and without whatever is
 * named as a secret, since a gate runs what a worker wrote. `CI=1` says that nobody looks on.
 */
export function gateEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined || ours.test(name) || oursByName.has(name)) continue;
    if (!secretName.test(name)) kept[name] = value;
  }
  return { ...kept, CI: "1", GIT_TERMINAL_PROMPT: "0", ...extra };
}
