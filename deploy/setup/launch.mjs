#!/usr/bin/env node
// `npm start`, `npm test` and the rest begin here. Plain JavaScript without dependencies, because
// it runs before there are any and on a Node that may be too old for the project itself.

import { runHere, runThere } from "./run.mjs";
import { projectRoot, setUp } from "./set-up.mjs";

const args = process.argv.slice(2);
const wantsDev = args[0] === "--dev";
if (wantsDev) args.shift();
const [script, ...rest] = args;

if (script === undefined) {
  process.stderr.write("usage: node deploy/setup/launch.mjs [--dev] SCRIPT.ts [arguments]\n");
  process.exitCode = 2;
} else {
  const node = await setUp({ root: projectRoot, wantsDev });
  if (node === process.execPath) await runHere(projectRoot, script, rest);
  else if (node !== undefined) await runThere(node, projectRoot, script, rest);
}
