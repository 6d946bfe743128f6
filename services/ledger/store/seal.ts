import { crc32 } from "node:zlib";

const sumChars = 8;

/** A text with a sum over it in front: SQLite does not notice a bit that fell over in a text. */
export function seal(text: string): string {
  return sumOf(text) + text;
}

/** What was sealed; undefined where that is not what stands here. */
export function unseal(sealed: string): string | undefined {
  const text = sealed.slice(sumChars);
  return sealed.startsWith(sumOf(text)) ? text : undefined;
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(sumChars, "0");
}
