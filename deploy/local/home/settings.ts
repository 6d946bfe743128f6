/** What a machine of the home was started with the last time. */
type Record = { readonly rigs: readonly string[]; readonly polecatsMax?: string | undefined };

/** Names with commas; none of them where all are meant, undefined where nothing was said. Pure. */
export function namesIn(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").filter((name) => name !== "");
  return names.includes("all") ? [] : names;
}

/** What a machine is to be started with: as told, else as before; and what that changes. Pure. */
export function settingsOf(
  before: Record | undefined,
  told: { readonly rigs?: string; readonly polecatsMax?: number },
): { rigs: readonly string[]; polecatsMax: string | undefined; changes: string[] } {
  const rigs = namesIn(told.rigs) ?? before?.rigs ?? [];
  const polecatsMax = told.polecatsMax?.toString() ?? before?.polecatsMax;
  const isSame = [...rigs].sort().join() === [...(before?.rigs ?? [])].sort().join();
  const changes = [
    ...(isSame ? [] : [`it serves ${rigs.join(", ") || "every rig"}`]),
    ...(polecatsMax === undefined || polecatsMax === before?.polecatsMax
      ? []
      : [`at most ${polecatsMax} polecats`]),
  ];
  return { rigs, polecatsMax, changes };
}
