/** What a town and a machine come to: the version both speak, or who has to be upgraded. */
export type Agreement = { readonly speak: number } | Refusal;

/** Why two do not work together, and what mends it. */
export type Refusal = { readonly refuse: string; readonly mend: Mend };
export type Mend = "upgrade the machine" | "upgrade the town first";

/** A town works with machines of its own wire version and of this many before it. */
const behindMax = 1;

/**
 * Which wire version a town and a machine speak with each other. A machine may be one version
 * behind its town and never ahead of it, so that a fleet is upgraded town first, then machine by
 * machine. Both ends ask the same question and come to the same answer.
 */
export function negotiate(sides: { readonly town: number; readonly machine: number }): Agreement {
  const { town, machine } = sides;
  const refuse = `the machine speaks wire version ${machine}, the town ${town}`;
  if (machine > town) return { refuse, mend: "upgrade the town first" };
  if (machine < town - behindMax) return { refuse, mend: "upgrade the machine" };
  return { speak: machine };
}

/** Why two cannot work together, with what mends it, in one sentence; undefined where they can. */
export function wireTrouble(sides: {
  readonly town: number;
  readonly machine: number;
}): string | undefined {
  const agreed = negotiate(sides);
  return "refuse" in agreed ? `${agreed.refuse}: ${agreed.mend}` : undefined;
}
