import { oneLine } from "./one-line.ts";
import { table } from "./table.ts";

/** Names with their values, aligned, below each other; those without a value are left out. */
export function facts(entries: readonly (readonly [name: string, value: string])[]): string {
  const rows = entries
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [`  ${name}`, oneLine(value)]);
  return table([{ head: "" }, { head: "" }], rows, Number.POSITIVE_INFINITY);
}
