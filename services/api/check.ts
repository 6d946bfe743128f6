import { z } from "zod";
import { TownError, type Violation } from "#services/rpc/town-error.ts";

/** Texts have a bound, so that one bead cannot fill the ledger. */
export const textCharsMax = 64 * 1024;
const titleCharsMax = 500;
const nameCharsMax = 200;

/** Fields that several requests have. */
export const title = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .refine((text) => [...text].length <= titleCharsMax, `at most ${titleCharsMax} characters`);
export const text = z.string().max(textCharsMax, `at most ${textCharsMax} characters`);
export const id = z.string().min(1, "must not be empty").max(nameCharsMax);
export const name = z.string().max(nameCharsMax, `at most ${nameCharsMax} characters`);
export const priority = z.number().int().min(0, "must be 0 to 4").max(4, "must be 0 to 4");
export const labels = z.array(id).max(100, "at most 100 labels");
export const edgeType = z.string().max(50, "at most 50 characters");

/** Read a request. Fails with `invalid`, naming every bad field at once. */
export function check<S extends z.ZodType>(schema: S, request: unknown): z.output<S> {
  const read = schema.safeParse(request);
  if (read.success) return read.data;
  throw invalid(
    read.error.issues.map(({ path, message }) => ({
      field: fieldPath(path),
      description: message,
    })),
  );
}

/** The failure of a request with bad fields. */
export function invalid(violations: readonly Violation[]): TownError {
  const words = violations.map(({ field, description }) => `${field}: ${description}`);
  return new TownError("invalid", words.join("; "), { violations });
}

/** A path as the proto names it: `dependencies[0].depends_on_id`. */
function fieldPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${snake(String(part))}`;
  }
  return text;
}

function snake(camel: string): string {
  return camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
