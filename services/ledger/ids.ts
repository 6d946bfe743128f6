import { createHash, randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** `length` random base-36 characters. */
export function randomBase36(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 252 && text.length < length) text += alphabet[byte % 36];
    }
  }
  return text;
}

/** Base-36 text of `length` that is always the same for the same parts. */
export function derivedBase36(length: number, ...parts: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return BigInt(`0x${digest}`).toString(36).padStart(50, "0").slice(0, length);
}

/** A bead's uid where nothing derives it. */
export function randomUid(): string {
  return randomBase36(16);
}

/** A uid that comes from what caused the bead, so that doing it twice is doing it once. */
export function derivedUid(...cause: readonly string[]): string {
  return derivedBase36(16, "uid", ...cause);
}

/** The key under which a mutation is applied once, at any endpoint. */
export function requestKey(principal: string, requestId: string): string {
  return derivedBase36(20, "request", principal, requestId);
}

/** How many characters a new id needs among `count` beads: 4 to 8. */
export function idLength(count: number): number {
  const needed = Math.ceil(Math.log(Math.max(1, count) * 200) / Math.log(36));
  return Math.min(8, Math.max(4, needed));
}

/** A name for a new bead, `<prefix>-<base36>`, that no bead bears yet. */
export function newId(
  prefix: string,
  count: number,
  taken: (id: string) => boolean,
  random: (length: number) => string = randomBase36,
): string {
  for (let length = idLength(count); ; length += 1) {
    const id = `${prefix}-${random(length)}`;
    if (!taken(id)) return id;
  }
}
