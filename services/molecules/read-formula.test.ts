import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { cook } from "./cook.ts";
import { loadRecipe, polecatWork } from "./library.ts";
import { parseFormula, readFormula } from "./read-formula.ts";

test("unknown keys are kept and warned of, with file and step", () => {
  const text = 'formula = "x"\ncolour = "red"\n[[steps]]\nid = "a"\nspeed = 3\n';
  const { formula, warnings } = parseFormula(text, "x.formula.toml");
  expect(warnings).toEqual([
    "x.formula.toml: unknown key colour",
    'x.formula.toml: step "a": unknown key speed',
  ]);
  expect(formula["colour"]).toBe("red");
});

test.for([
  ['formula = "x"\nsteps = "none"', "x.toml: steps:"],
  ['formula = "x"\n[[steps]]\nid = "a"\nneeds = "b"', 'x.toml: step "a", needs:'],
  ['formula = "x"\n[[steps]]\ntitle = "a"', "x.toml: step number 1, id:"],
  ['formula = "x"\n[vars]\na = { pattern = "(" }', "x.toml: vars.a"],
  ["formula = ", "x.toml, line 1:"],
])("a bad file is refused, naming the place: %s", ([text = "", words = ""]) => {
  expect(() => parseFormula(text, "x.toml")).toThrow(words);
});

test("a formula that is not there is not found", async () => {
  await expect(readFormula("/nowhere/x.formula.toml")).rejects.toMatchObject({
    reason: "not_found",
  });
});

test("the short form of a variable is its default", () => {
  const { formula } = parseFormula('formula = "x"\n[vars]\nwho = "you"\n', "x.toml");
  expect(formula.vars?.["who"]).toEqual({ default: "you" });
});

test("the polecat's molecule has the nine steps in a row, without warnings", async () => {
  const { proto, warnings } = await loadRecipe(polecatWork);
  expect(warnings).toEqual([]);
  expect(proto.steps.map(({ name }) => name)).toEqual([
    ...["load-context", "branch-setup", "implement", "commit", "self-review", "test"],
    ...["submit", "exit-decision", "request-shutdown"],
  ]);
  for (const [index, step] of proto.steps.entries()) {
    expect(step.needs).toEqual(index === 0 ? [] : [proto.steps[index - 1]?.name]);
    expect(step.instructions).toContain("`");
  }
});

test("every formula of the library cooks", async () => {
  const folder = new URL("./library/", import.meta.url);
  for (const file of await readdir(folder)) {
    const text = await readFile(new URL(file, folder), "utf8");
    expect(cook(parseFormula(text, file).formula).steps.length).toBeGreaterThan(0);
  }
});
