import { asWrittenField } from "./as-written.ts";
import type { Json } from "./bead-state.ts";

/** `metadata` as fields: its `gt` object becomes fields of ours, the rest stays as it is. */
export function metadataFields(metadata: Json | undefined): Record<string, Json> {
  if (metadata === undefined || metadata === null) return {};
  if (!isObject(metadata) || !isObject(metadata["gt"])) return { metadata };
  const { gt, ...rest } = metadata;
  const named = Object.entries(gt).map(([name, value]): [string, Json] => [`gt.${name}`, value]);
  const own = named.filter(([name]) => name !== asWrittenField); // Only an import writes that one.
  return { ...Object.fromEntries(own), ...(Object.keys(rest).length > 0 && { metadata: rest }) };
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
