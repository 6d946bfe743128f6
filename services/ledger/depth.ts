/** How deep an event may be nested: who reads what is deeper may have no stack for it. */
export const eventDepthMax = 500;
/** How deep a line of Beads may be: its event has it a few levels further down. */
export const lineDepthMax = 490;

/** Whether JSON is nested deeper than that. Looks no further, since it takes stack, too. */
export function isDeeper(json: unknown, than: number): boolean {
  if (typeof json !== "object" || json === null) return false;
  return than === 0 || Object.values(json).some((value) => isDeeper(value, than - 1));
}
