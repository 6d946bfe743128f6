import { readFile } from "node:fs/promises";
import { TownError } from "#services/rpc/town-error.ts";

/** Roles that have a page. */
export const roles = ["polecat", "witness", "mayor", "crew"] as const;
export type Role = (typeof roles)[number];

/** The role that a name of an agent or a person stands for; people are crew. */
export function roleOf(principal: string): Role {
  if (/(^|\/)polecats\//.test(principal)) return "polecat";
  if (principal.endsWith("/witness")) return "witness";
  return principal === "mayor" ? "mayor" : "crew";
}

/** Read a role's name; empty is the principal's own. Throws `invalid` naming them all. */
export function readRole(name: string, principal: string): Role {
  if (name === "") return roleOf(principal);
  const role = roles.find((each) => each === name);
  if (role !== undefined) return role;
  const description = `one of ${roles.join(", ")}`;
  throw new TownError("invalid", `no role "${name}": ${description}`, {
    violations: [{ field: "role", description }],
  });
}

/** What a role has to know, in markdown: its own part, then the whole in brief. */
export async function rolePage(role: Role): Promise<string> {
  const [own, whole] = await Promise.all([readPart(role), readPart("the-whole")]);
  return `${own.trimEnd()}\n\n${whole}`;
}

function readPart(name: string): Promise<string> {
  return readFile(new URL(`./roles/${name}.md`, import.meta.url), "utf8");
}
