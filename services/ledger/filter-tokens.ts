/** How a field is compared with a value. */
export type Comparator = "=" | "!=" | ":" | "<" | "<=" | ">" | ">=";

/** One token of a filter; `at` is its position, counted from 1. */
export type Token =
  | { readonly kind: "open" | "close" | "and" | "or" | "not" | "end"; readonly at: number }
  | { readonly kind: "word"; readonly at: number; readonly text: string }
  | { readonly kind: "comparator"; readonly at: number; readonly text: Comparator };

const words = new Map<string, "and" | "or" | "not">([
  ["AND", "and"],
  ["OR", "or"],
  ["NOT", "not"],
]);
// Tried in this order; each names what it found.
const pattern = new RegExp(
  [
    /(?<space>\s+)/,
    /(?<paren>[()])/,
    /(?<comparator><=|>=|!=|[=:<>])/,
    /(?<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/,
    /(?<minus>-(?=\S))/,
    /(?<word>[^\s()=:<>!"']+)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "suy",
);

/** Split a filter into tokens, an `end` last. Throws what `fail` makes of a bad character. */
export function tokenize(text: string, fail: (at: number, what: string) => Error): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    pattern.lastIndex = index;
    const match = pattern.exec(text);
    const at = index + 1;
    if (!match) {
      const found = text.charAt(index);
      throw fail(at, /["']/.test(found) ? "a quote that never ends" : `unexpected ${found}`);
    }
    index = pattern.lastIndex;
    const token = tokenOf(match.groups ?? {}, at);
    if (token) tokens.push(token);
  }
  tokens.push({ kind: "end", at: text.length + 1 });
  return tokens;
}

function tokenOf(groups: Record<string, string | undefined>, at: number): Token | undefined {
  const { space, paren, comparator, quoted, minus, word } = groups;
  if (space !== undefined) return undefined;
  if (paren !== undefined) return { kind: paren === "(" ? "open" : "close", at };
  if (comparator !== undefined) return { kind: "comparator", at, text: comparator as Comparator };
  if (minus !== undefined) return { kind: "not", at };
  if (quoted !== undefined) {
    return { kind: "word", at, text: quoted.slice(1, -1).replaceAll(/\\(.)/gs, "$1") };
  }
  const text = word ?? "";
  const keyword = words.get(text);
  return keyword ? { kind: keyword, at } : { kind: "word", at, text };
}
