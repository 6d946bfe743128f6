// `npm run chaos [-- [--scenario NAME]... [--list] [--json] [--fast]]`: real faults of real parts.

import { tmpdir } from "node:os";
import { findNatsServer } from "../../deploy/setup/nats-server.ts";
import { readOptions } from "./options.ts";
import { runAll } from "./run-all.ts";
import { scenarios } from "./scenarios.ts";

const options = readOptions(process.argv.slice(2), scenarios);
if ("wrong" in options) {
  process.stderr.write(`${options.wrong}\n`);
  process.exitCode = 2;
} else if (options.isList) {
  for (const { name } of options.chosen) process.stdout.write(`${name}\n`);
} else {
  const nats = await findNatsServer({ home: tmpdir(), env: process.env });
  if ("missing" in nats) {
    process.stderr.write(`${nats.missing}\n`);
    process.exitCode = 1;
  } else {
    const stop = new AbortController();
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
    const isOk = await runAll(options.chosen, {
      nats,
      signal: stop.signal,
      isJson: options.isJson,
      say: (line) => process.stderr.write(`${line}\n`),
      write: (line) => process.stdout.write(`${line}\n`),
    });
    process.exitCode = isOk ? 0 : 1;
  }
}
