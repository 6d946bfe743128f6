/**
 * Any id as one part of a ref's name; usual ids stay as they are, the rest is percent-encoded.
 *
 * Ids that others made may hold what git forbids in a ref (`:`, `..`, a final `.lock`).
 */
export function refPart(id: string): string {
  const encode = (text: string) => `%${text.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(id.toWellFormed())
    .replaceAll(/[~*!'()]/g, encode)
    .replaceAll(/^[.-]|\.(?=\.|$|lock$)/g, encode);
}
