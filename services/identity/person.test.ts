import { expect, test } from "vitest";
import { agentPerson } from "./person.ts";

test.for([
  ["rigs/alpha/polecats/nux", "alpha/nux", "nux@alpha.gastown.invalid"],
  ["rigs/alpha/refinery", "alpha/refinery", "refinery@alpha.gastown.invalid"],
  ["mayor", "mayor", "mayor@gastown.invalid"],
  ["rigs/a b/polecats/<x>\n", "a-b/x", "x@a-b.gastown.invalid"],
  ["", "agent", "agent@gastown.invalid"],
])("%s commits as %s <%s>", ([agent, name, email]) => {
  expect(agentPerson(agent ?? "")).toEqual({ name, email });
});
