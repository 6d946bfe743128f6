import { expect, test } from "vitest";
import { cook } from "./cook.ts";
import { Formula } from "./formula.ts";

function formula(steps: readonly object[], more: object = {}): Formula {
  return Formula.parse({ formula: "f", steps, ...more });
}

test("a formula cooks to a flat proto in the order of the file", () => {
  const steps = [
    { id: "b", depends_on: ["a"], needs: ["a"] },
    { id: "a", title: "First" },
  ];
  const proto = cook(formula(steps, { version: 3 }));
  expect(proto.version).toBe(3);
  expect(proto.steps.map(({ name, title, needs }) => [name, title, needs])).toEqual([
    ["b", "b", ["a"]],
    ["a", "First", []],
  ]);
});

test.for([
  [[{ id: "a" }, { id: "a" }], 'two steps are called "a"'],
  [[{ id: "a", needs: ["z"] }], 'step "a" needs "z", and there is no such step'],
  [[{ id: "a", title: "{{who}}" }], 'step "a" uses {{who}}, which is not declared'],
  [[{ id: "a", needs: ["a"] }], "a cycle: a needs a"],
  [
    [
      { id: "x" },
      { id: "a", needs: ["x", "c"] },
      { id: "b", needs: ["a"] },
      { id: "c", needs: ["b"] },
    ],
    "a cycle: a needs c needs b needs a",
  ],
  [[], "formula f has no steps"],
] as const)("what cannot be run is refused and shown: %j", ([steps, words]) => {
  expect(() => cook(formula(steps))).toThrow(words);
});

test("a thousand steps in a row are no cycle", () => {
  const steps = Array.from({ length: 1_000 }, (_, index) => ({
    id: `s${index}`,
    needs: index < 999 ? [`s${index + 1}`] : [],
  }));
  expect(cook(formula(steps)).steps).toHaveLength(1_000);
});

test("what would change the steps and is not known yet is refused by name", () => {
  const steps = [{ id: "a", loop: { count: 3 } }];
  expect(() => cook(formula(steps, { extends: ["g"] }))).toThrow(
    'this version does not cook extends, loop of step "a"',
  );
});

test("given values are filled in, the others wait, and Go-template marks are left alone", () => {
  const vars = { who: { enum: ["you", "me"] }, what: "tea" };
  const steps = [{ id: "a", title: "{{who}} {{what | default: milk}} {{.leg.focus}}" }];
  expect(cook(formula(steps, { vars }), { who: "you" }).steps[0]?.title).toBe(
    "you {{what | default: milk}} {{.leg.focus}}",
  );
  expect(() => cook(formula(steps, { vars }), { who: "him", colour: "red" })).toThrow(
    'colour: no such variable; declared are: who, what; who: "him" is not one of you, me',
  );
});
