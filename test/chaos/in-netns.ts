// Becomes a rig-agent in a network namespace: same process, same pid.

const name = process.env["GT_CHAOS_NETNS"] ?? "";
const main = new URL("../../rig-agent/main.ts", import.meta.url).pathname;
const { GT_CHAOS_NETNS: _, ...env } = process.env;
process.execve?.(
  "/bin/sh",
  ["sh", "-c", 'exec ip netns exec "$@"', "sh", name, process.execPath, main],
  env,
);
