// `npm run check`: everything about the code that a machine can judge without running it.

import { command, type Outcome } from "./command.ts";
import { checkGenerated } from "./generated.ts";
import { strayEntries } from "./layout.ts";
import { misplacements } from "./project-layout.ts";
import { projectPaths, projectSources } from "./sources.ts";
import { badNames, type Finding, tidy } from "./tidy.ts";

type Step = { readonly name: string; readonly run: () => Promise<Outcome> };

const atOnce = 2;
const baseline = "proto/baseline.binpb";

const steps: readonly Step[] = [
  { name: "types", run: () => command("tsc", "--pretty", "false") },
  { name: "lint and format", run: () => lint() },
  { name: "proto lint", run: () => command("buf", "lint") },
  { name: "proto format", run: () => command("buf", "format", "--diff", "--exit-code") },
  { name: "proto compatible", run: () => command("buf", "breaking", "--against", baseline) },
  { name: "generated code", run: checkGenerated },
  { name: "tidy", run: async () => outcome(untidy()) },
  { name: "layout", run: async () => outcome([...misplacements(), ...strays()]) },
];

function lint(): Promise<Outcome> {
  const options = ["--colors=off", "--error-on-warnings", "--max-diagnostics=50"];
  return command("biome", "check", ...options);
}

function untidy(): Finding[] {
  const sources = projectSources();
  const read = new Set(sources.map(({ path }) => path));
  const others = projectPaths().filter((path) => !read.has(path) && !path.startsWith("proto/"));
  return [...sources.flatMap(tidy), ...others.flatMap(badNames)];
}

function strays(): Finding[] {
  const what = "the layout has no such entry at the top; put it where it belongs";
  return strayEntries(projectPaths()).map((path) => ({ path, line: 1, what }));
}

function outcome(findings: readonly Finding[]): Outcome {
  const lines = findings.map(({ path, line, what }) => `${path}:${line}  ${what}`);
  return { ok: lines.length === 0, output: lines.join("\n") };
}

async function report(step: Step): Promise<boolean> {
  const startMs = performance.now();
  const { ok, output } = await step.run();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`${step.name.padEnd(18)}${ok ? "ok    " : "failed"}${seconds} s\n`);
  if (!ok) process.stdout.write(`${output.trimEnd().replace(/^/gm, "    ")}\n`);
  return ok;
}

const waiting = [...steps];
let failed = 0;
async function work(): Promise<void> {
  for (let step = waiting.shift(); step; step = waiting.shift()) {
    if (!(await report(step))) failed += 1;
  }
}
await Promise.all(Array.from({ length: atOnce }, work));
if (failed > 0) process.stdout.write(`${failed} of ${steps.length} failed\n`);
process.exitCode = failed > 0 ? 1 : 0;
