#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { report } from "./report.js";
import { readTrips } from "./trips.js";

const [file = "trips.csv"] = process.argv.slice(2);
process.stdout.write(`${report(readTrips(readFileSync(file, "utf8")))}\n`);
