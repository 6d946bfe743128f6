import { expect, test } from "vitest";
import { readRole, roleOf, rolePage, roles } from "./role-page.ts";

test.for(roles.map((role) => [role]))("the page of %s tells the whole in brief", async ([role]) => {
  const page = await rolePage(role ?? "crew");
  for (const word of ["idle", "working", "stuck", "done", "unreachable", "gt peek", "gt nudge"]) {
    expect(page).toContain(word);
  }
});

test("a polecat reads of its four exits", async () => {
  const page = await rolePage("polecat");
  for (const exit of ["completed", "blocked", "refactor", "escalate"]) {
    expect(page).toContain(`gt exit ${exit}`);
  }
});

test("a name tells the role, and a role that has no page is refused with those that have", () => {
  expect(roleOf("rigs/alpha/polecats/nux")).toBe("polecat");
  expect(roleOf("machines/vm-a/witness")).toBe("witness");
  expect(roleOf("overseer")).toBe("crew");
  expect(readRole("mayor", "overseer")).toBe("mayor");
  expect(() => readRole("king", "overseer")).toThrow("one of polecat, witness, mayor, crew");
});
