import manifest from "../../package.json" with { type: "json" };

/** This program's version, from its package. */
export const version: string = manifest.version;

/**
 * The wire version that this program speaks with its peers.
 *
 * 2: a machine says when its drain is done, hands work off, and is appointed with a term.
 */
export const wireVersion = 2;

/** The oldest wire version that a town of this one works with. */
export const wireOldest: number = wireVersion - 1;
