#!/usr/bin/env node
// The `gt` command. Plain JavaScript, because in a fresh clone it runs before anything is installed
// and on any Node; it sets up where needed, then hands over to main.ts.

import { runHere, runThere } from "../../deploy/setup/run.mjs";
import { projectRoot, setUp } from "../../deploy/setup/set-up.mjs";

const main = "services/gt/main.ts";
const args = process.argv.slice(2);
const node = await setUp({ root: projectRoot, wantsDev: false });
if (node === process.execPath) await runHere(projectRoot, main, args);
else if (node !== undefined) await runThere(node, projectRoot, main, args);
