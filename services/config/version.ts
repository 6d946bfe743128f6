import { readFileSync } from "node:fs";
import { z } from "zod";

const Package = z.object({ version: z.string() });

/** This program's version, from its package. */
export const version = Package.parse(
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")),
).version;

/** The wire version that this program speaks with its peers. */
export const wireVersion = 1;
