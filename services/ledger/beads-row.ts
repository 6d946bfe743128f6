import { z } from "zod";

const timestamp = z
  .string()
  .refine(
    (text) => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
    "not an RFC 3339 time",
  );
const titleCharsMax = 500;
const title = z
  .string()
  .min(1)
  .refine((text) => [...text].length <= titleCharsMax, `over ${titleCharsMax} characters`);

/** A word that some writers leave empty, or null, where others leave it out. */
function word(absent: string, charsMax: number) {
  const known = z.string().max(charsMax).nullish();
  return known.transform((text) => text || absent);
}

const dependency = z.looseObject({
  depends_on_id: z.string().min(1).max(200),
  type: word("blocks", 50),
  created_at: timestamp.nullish(),
  created_by: z.string().nullish(),
});
const comment = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  author: z.string().nullish(),
  text: z.string().nullish(),
  created_at: timestamp.nullish(),
});

/** One line of Beads' JSONL, as its sources (v0.47 to v1.0.5) write it; unknown keys are kept. */
export const BeadsRow = z.looseObject({
  id: z.string().min(1).max(200),
  title,
  status: word("open", 200),
  priority: z.number().int().min(0).max(4).nullish(),
  issue_type: word("task", 200),
  created_at: timestamp.nullish(),
  updated_at: timestamp.nullish(),
  closed_at: timestamp.nullish(),
  close_reason: z.string().nullish(),
  started_at: timestamp.nullish(),
  due_at: timestamp.nullish(),
  defer_until: timestamp.nullish(),
  deleted_at: timestamp.nullish(),
  delete_reason: z.string().nullish(),
  labels: z.array(z.string()).nullish(),
  dependencies: z.array(dependency).nullish(),
  comments: z.array(comment).nullish(),
  ...Object.fromEntries(
    [
      ...["description", "design", "acceptance_criteria", "notes", "assignee", "owner"],
      ...["created_by", "external_ref", "sender", "mol_type", "source_formula", "await_type"],
      ...["await_id", "deleted_by", "original_type"],
    ].map((name) => [name, z.string().nullish()]),
  ),
});
export type BeadsRow = z.infer<typeof BeadsRow>;
export type BeadsEdge = z.infer<typeof dependency>;
export type BeadsComment = z.infer<typeof comment>;
