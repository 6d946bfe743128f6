import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { readConfig } from "./read-config.ts";

const schema = z.object({
  machine: z.string().regex(/^[a-z]+$/, "lower case letters"),
  polecatsMax: z.coerce.number().int().min(1).max(64).default(4).describe("1 to 64"),
});

test("flags win over the environment, and that over the file", () => {
  const file = join(mkdtempSync(join(tmpdir(), "gt-config-")), "gt.toml");
  writeFileSync(file, 'machine = "file"\npolecats_max = 7\n');
  const env = { GT_MACHINE: "env", GT_CONFIG: file };
  expect(readConfig(schema, { flags: [], env })).toEqual({ machine: "env", polecatsMax: 7 });
  const flags = ["--machine", "flag", "--polecats-max=9"];
  expect(readConfig(schema, { flags, env })).toEqual({ machine: "flag", polecatsMax: 9 });
});

test("every bad and every unknown setting is named at once", () => {
  const read = () =>
    readConfig(schema, {
      flags: ["--polecats-max", "99", "--machnie", "x"],
      env: { GT_MACHINE: "VM" },
    });
  expect(read).toThrow(/--machine \(GT_MACHINE\): lower case letters/);
  expect(read).toThrow(/--polecats-max .*\(1 to 64\)/);
  expect(read).toThrow(/--machnie: no such setting; there are --machine --polecats-max/);
});

test("a corrupt file is named", () => {
  const file = join(mkdtempSync(join(tmpdir(), "gt-config-")), "gt.toml");
  writeFileSync(file, "machine = ");
  expect(() => readConfig(schema, { flags: ["--config", file], env: {} })).toThrow(file);
});
