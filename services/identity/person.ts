/** Who a commit names. */
export type Person = { readonly name: string; readonly email: string };

/** Whoever keeps the records of Gas Town itself, such as the chain of authority. */
export const townPerson: Person = { name: "Gas Town", email: "town@gastown.invalid" };

/**
 * The person that commits name for an agent (`rigs/alpha/polecats/nux`, `rigs/alpha/refinery`).
 *
 * The address is under `.invalid`, which no mail system delivers, and never that of a human.
 */
export function agentPerson(agent: string): Person {
  const parts = agent
    .split("/")
    .map((part) => part.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").replaceAll(/^[.-]+|[.-]+$/g, ""))
    .filter((part) => part !== "");
  // Every second part is a kind of thing (`rigs`, `polecats`), not a name.
  const names = parts.filter((_, at) => at % 2 === 1 || at === parts.length - 1);
  const name = names.join("/") || "agent";
  const local = names.at(-1) ?? "agent";
  const domain = [...names.slice(0, -1).reverse(), "gastown.invalid"].join(".");
  return { name, email: `${local}@${domain}` };
}
