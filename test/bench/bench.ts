// `npm run bench -- NAME [--json] [--full]`: what is fast, beside the limit of this very machine.

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import v8 from "node:v8";
import { benchDispatch } from "./dispatch/dispatch.ts";
import { benchFleet } from "./fleet/fleet.ts";
import { benchIdle } from "./idle/idle.ts";
import { benchLedger } from "./ledger/ledger.ts";
import { type Finding, findingsTable, growthTable } from "./metric.ts";
import { defaultScale, fullScale, type Settings, tinyScale } from "./settings.ts";

type Bench = (settings: Settings) => AsyncIterable<Finding>;

const benches: ReadonlyMap<string, Bench> = new Map([
  ["ledger", benchLedger],
  ["dispatch", benchDispatch],
  ["fleet", benchFleet],
  ["idle", benchIdle],
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
  },
});
const name = positionals[0] ?? "";
const bench = benches.get(name);
if (bench) {
  await run(bench);
} else {
  const known = [...benches.keys()].join(", ");
  const what = name === "" ? "which benchmark?" : `no benchmark "${name}":`;
  process.stderr.write(`${what} there is ${known}\n`);
  process.exitCode = 2;
}

async function run(chosen: Bench): Promise<void> {
  const scale = values.tiny ? tinyScale : values.full ? fullScale : defaultScale;
  // A million beads need more than Node gives by itself.
  if (values.full) v8.setFlagsFromString("--max-old-space-size=12000");
  const dir = mkdtempSync(join(tmpdir(), `gt-bench-${name}-`));
  const findings: Finding[] = [];
  try {
    for await (const found of chosen({ ...scale, dir })) {
      findings.push(found);
      if (values.json) process.stdout.write(`${JSON.stringify(found.metric)}\n`);
      else process.stderr.write(`${found.metric.metric}: ${found.metric.ours}\n`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  if (values.json) return;
  process.stdout.write(`${findingsTable(findings)}\n`);
  process.stdout.write(growthTable(findings));
  process.stdout.write(`${availableParallelism()} cores, Node ${process.versions.node}\n`);
}
