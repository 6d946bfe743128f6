import { expect, test } from "vitest";
import { negotiate, wireTrouble } from "./negotiate.ts";
import { wireOldest, wireVersion } from "./version.ts";

test.for([
  { town: 2, machine: 2, expected: { speak: 2 } },
  { town: 2, machine: 1, expected: { speak: 1 } },
  { town: 3, machine: 1, expected: { mend: "upgrade the machine" } },
  { town: 2, machine: 0, expected: { mend: "upgrade the machine" } },
  { town: 1, machine: 2, expected: { mend: "upgrade the town first" } },
  { town: 2, machine: 9, expected: { mend: "upgrade the town first" } },
])("a town of $town and a machine of $machine", ({ town, machine, expected }) => {
  expect(negotiate({ town, machine })).toMatchObject(expected);
});

test("this town works with the oldest version that it names, and with none before", () => {
  const trouble = (machine: number) => wireTrouble({ town: wireVersion, machine });
  expect(trouble(wireVersion)).toBeUndefined();
  expect(trouble(wireOldest)).toBeUndefined();
  expect(trouble(wireOldest - 1)).toBe(
    `the machine speaks wire version ${wireOldest - 1}, the town ${wireVersion}: ` +
      "upgrade the machine",
  );
});
