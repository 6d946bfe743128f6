import { Command } from "commander";
import { expect, test } from "vitest";
import { chapters } from "./chapters.ts";
import type { Act, Verb } from "./verb.ts";

const verbs: Verb[] = chapters.flatMap(({ verbs: each }) =>
  each.flatMap((verb) => ("verbs" in verb ? verb.verbs : [verb])),
);
const act: Act = () => async () => {};

test.for(verbs)("gt … $name says how it is called, with an example", async (verb) => {
  const { declare } = await verb.load();
  const command = new Command(verb.name);
  let help = "";
  command.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  declare(command, act);
  command.outputHelp();
  expect(help).toMatch(/\nExample:\n {2}(npx )?gt /);
  for (const { description } of [...command.options, ...command.registeredArguments]) {
    expect(description).not.toBe("");
  }
});
