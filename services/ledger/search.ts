import { type Bead, textField } from "./bead.ts";

/** What is looked for: every word must be found, whatever its case. */
export type Query = readonly string[];

/** How well a bead matches, and where best. */
export type Match = { readonly score: number; readonly field: string; readonly excerpt: string };

type Text = { readonly field: string; readonly text: string; readonly weight: number };

const charsBefore = 30;
const excerptChars = 120;

/** Read a query: words, and in double quotes several that stand together. */
export function parseQuery(text: string): Query {
  const words = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  return words.flatMap((word) => {
    const plain = folded(word ?? "").trim();
    return plain === "" ? [] : [plain];
  });
}

/** All texts in which a bead is searched, for the text index. */
export function searchedText(bead: Bead): string {
  return textsOf(bead)
    .map(({ text }) => folded(text))
    .join("\n");
}

const trigramChars = 3;

/**
 * A query for the text index, which finds all that match and maybe some that do not; undefined
 * where no word is long enough to be looked up.
 */
export function indexQuery(query: Query): string | undefined {
  const trigrams = query.flatMap((word) => {
    const chars = [...word];
    const starts = chars.slice(0, 1 - trigramChars || undefined);
    return starts.map((_, at) => chars.slice(at, at + trigramChars).join(""));
  });
  // Where a text has a zero, the index cannot be asked for it.
  const whole = trigrams.filter((trigram) => {
    return [...trigram].length === trigramChars && !trigram.includes("\0");
  });
  if (whole.length === 0) return undefined;
  return [...new Set(whole)].map((each) => `"${each.replaceAll('"', '""')}"`).join(" AND ");
}

/**
 * How well a bead matches; undefined where a word is nowhere in it.
 *
 * Each word counts with the weightiest field that has it: more as a whole word, most where the
 * field begins with it.
 */
export function matchBead(bead: Bead, query: Query): Match | undefined {
  const texts = textsOf(bead).map((each) => ({ ...each, folded: folded(each.text) }));
  let score = 0;
  let best: { worth: number; field: string; text: string; at: number } | undefined;
  for (const word of query) {
    let found: typeof best;
    for (const { field, text, weight, folded: lower } of texts) {
      const at = lower.indexOf(word);
      if (at < 0) continue;
      const worth = weight * closeness(lower, word, at);
      if (!found || worth > found.worth) found = { worth, field, text, at };
    }
    if (!found) return undefined;
    score += found.worth;
    if (!best || found.worth > best.worth) best = found;
  }
  return best && { score, field: best.field, excerpt: excerpt(best.text, best.at) };
}

function textsOf(bead: Bead): Text[] {
  return [
    { field: "id", text: bead.id, weight: 20 },
    { field: "title", text: bead.title, weight: 10 },
    ...bead.labels.map((text) => ({ field: "label", text, weight: 6 })),
    ...["description", "design", "acceptance_criteria", "notes"].map((field) => {
      return { field, text: textField(bead, field), weight: 3 };
    }),
    ...bead.comments.map(({ text }) => ({ field: "comment", text, weight: 2 })),
  ];
}

function closeness(text: string, word: string, at: number): number {
  if (text === word) return 4;
  if (!isWhole(text, word, at) && !isWholeAnywhere(text, word, at)) return 1;
  return at === 0 ? 3 : 2;
}

function isWholeAnywhere(text: string, word: string, first: number): boolean {
  for (let at = text.indexOf(word, first + 1); at >= 0; at = text.indexOf(word, at + 1)) {
    if (isWhole(text, word, at)) return true;
  }
  return false;
}

function isWhole(text: string, word: string, at: number): boolean {
  const edge = /^$|[^\p{L}\p{N}]/u;
  return edge.test(text.charAt(at - 1)) && edge.test(text.charAt(at + word.length));
}

function excerpt(text: string, at: number): string {
  const start = at <= charsBefore ? 0 : at - charsBefore;
  const end = start + excerptChars;
  const cut = text.slice(start, end).replaceAll(/\s+/g, " ").trim();
  return `${start > 0 ? "…" : ""}${cut}${end < text.length ? "…" : ""}`;
}

function folded(text: string): string {
  return text.toLowerCase();
}
