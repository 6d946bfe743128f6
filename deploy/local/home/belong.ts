import type { TownFile } from "./town-file.ts";

/**
 * Which machines `gt up` sees to: the one that it was told, all that belong to the home, and in a
 * new home the one that this host is called by. Pure.
 */
export function machinesOf(
  known: TownFile | undefined,
  told: string | undefined,
  host: string,
): string[] {
  const belonging = Object.keys(known?.machines ?? {});
  if (told === undefined) return belonging.length > 0 ? belonging : [host];
  return [told, ...belonging.filter((name) => name !== told)];
}

/** Whether a home is that of machines which joined a town elsewhere, and has none itself. Pure. */
export function isJoinedOnly(known: TownFile | undefined): known is TownFile {
  if (known === undefined || known.ledgerRemote !== "") return false;
  return Object.keys(known.machines).length > 0;
}

/** The call that makes a machine join, as it can be typed. Pure. */
export function joinLine(
  call: string,
  join: {
    readonly address: string;
    readonly machine: string;
    readonly rigs?: readonly string[];
    readonly insecure?: boolean;
  },
): string {
  const { address, machine, rigs = [], insecure = false } = join;
  const served = rigs.length === 0 ? [] : ["--rigs", rigs.join(",")];
  const words = [call, "join --town", address, "--machine", machine, ...served];
  return (insecure ? [...words, "--insecure"] : words).join(" ");
}

/** A name for the next machine, which the home does not have yet. Pure. */
export function nextMachine(names: readonly string[]): string {
  const letters = [..."bcdefghijklmnopqrstuvwxyz"];
  return letters.map((letter) => `vm-${letter}`).find((name) => !names.includes(name)) ?? "<name>";
}
