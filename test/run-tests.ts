// `npm test`: every test that needs neither root nor the world outside. Arguments go to vitest:
// `npm test -- services/ledger`, `npm test -- --watch`.

import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNatsServer } from "../deploy/setup/nats-server.ts";
import { projectRoot } from "../deploy/setup/set-up.mjs";

const args = process.argv.slice(2);
const env = { ...process.env };

// Once for all tests: they find it in their environment instead of fetching it each.
const server = await findNatsServer({ home: tmpdir(), env });
if ("path" in server) env["GT_NATS_SERVER"] = server.path;
else process.stderr.write(`${server.missing}\nTests against NATS are skipped.\n`);

const mode = args.includes("--watch") || args.includes("--help") ? [] : ["--run"];
const vitest = join(projectRoot, "node_modules", "vitest", "vitest.mjs");
const child = spawn(process.execPath, [vitest, ...mode, ...args], {
  cwd: projectRoot,
  env,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
