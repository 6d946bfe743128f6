import type { z } from "zod";
import type { Bead } from "./bead.ts";

/** One typed field of ours, such as `gt.rig`: its name, and a reader of it. */
export type GtField<T> = {
  readonly name: string;
  /**
   * The field's value; undefined where it is absent or of a shape that this version cannot read.
   */
  readonly read: (bead: Bead) => T | undefined;
};

/**
 * Define a typed field. What a bead says is read once per view: views are kept until they change.
 */
export function gtField<S extends z.ZodType>(name: string, schema: S): GtField<z.output<S>> {
  const known = new WeakMap<Bead, { readonly value: z.output<S> | undefined }>();
  const read = (bead: Bead): z.output<S> | undefined => {
    const written = bead.fields[name];
    if (written === undefined) return undefined; // Most beads: not worth a note each.
    const held = known.get(bead);
    if (held) return held.value;
    const value = schema.safeParse(written).data;
    known.set(bead, { value });
    return value;
  };
  return { name, read };
}
