import { TownError } from "#services/rpc/town-error.ts";

/** What a commit says about itself in its last lines, `Gastown-Bead: al-1x2`. */
export type Trailers = Readonly<Record<string, string>>;

/**
 * A commit message that ends with these trailers, in a paragraph of their own.
 *
 * @throws TownError `invalid` for a value that would break out of its line
 */
export function withTrailers(message: string, trailers: Trailers): string {
  const lines = Object.entries(trailers).map(([key, value]) => {
    if (/[\r\n\0]/.test(value)) {
      throw new TownError("invalid", `${key} cannot be recorded: a line break in its value`);
    }
    return `${key}: ${value}`;
  });
  const body = message.replaceAll("\0", "").trim();
  return `${[body, lines.join("\n")].filter((part) => part !== "").join("\n\n")}\n`;
}

/**
 * The trailers of our kind in a commit message: those of its last paragraph alone, the first of a
 * name. So what a worker writes further up in a message is never taken for ours.
 */
export function readTrailers(message: string): Trailers {
  const last =
    message
      .trimEnd()
      .split(/\n[ \t]*\n/)
      .at(-1) ?? "";
  const found: Record<string, string> = {};
  for (const line of last.split("\n")) {
    const match = /^(Gastown-[A-Za-z-]+):[ \t]*(.*)$/.exec(line.trimEnd());
    if (match?.[1] && !(match[1] in found)) found[match[1]] = match[2] ?? "";
  }
  return found;
}
