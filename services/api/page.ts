import { z } from "zod";
import { derivedBase36 } from "#services/ledger/ids.ts";
import { invalid } from "./check.ts";

const sizeDefault = 100;
const sizeMax = 1_000;
/** A page is one message, and those are bounded: what is heavy comes on more pages. */
export const pageBytesMax = 2 * 1024 * 1024;

/** What every request for a page has. */
export type PageRequest = { readonly pageSize: number; readonly pageToken: string };

/** One page, and the token of the next; empty on the last. */
export type Page<T> = { readonly items: readonly T[]; readonly nextPageToken: string };

const Token = z.tuple([z.string(), z.json()]); // The mark of the query, and the last key.

/** The order of a list, and what its items weigh. */
export type Order<T, K> = {
  /** An item's place in the order, as JSON. */
  readonly key: (item: T) => K;
  readonly compare: (a: K, b: K) => number;
  /** About how many bytes an item takes; next to nothing if absent. */
  readonly weigh?: (item: T) => number;
};

/**
 * Cut one page out of a sorted list.
 *
 * A token names the key of the last item, not a count: beads that come and go move no other one
 * onto a page twice, or off all of them.
 *
 * @param query what the list was asked for; a token of another query is refused
 */
export function cutPage<T, K>(
  items: readonly T[],
  request: PageRequest,
  query: string,
  order: Order<T, K>,
): Page<T> {
  const size = pageSize(request);
  const last = readToken(request.pageToken, query) as K | undefined;
  const start =
    last === undefined ? 0 : items.findIndex((item) => order.compare(order.key(item), last) > 0);
  const rest = start < 0 ? [] : items.slice(start);
  const page = lightest(rest.slice(0, size), order);
  const end = page.at(-1);
  const more = rest.length > page.length && end !== undefined;
  return { items: page, nextPageToken: more ? writeToken(order.key(end), query) : "" };
}

/** How many items a page may have. Throws `invalid` for a negative number. */
export function pageSize(request: Pick<PageRequest, "pageSize">): number {
  if (request.pageSize < 0) {
    throw invalid([{ field: "page_size", description: "must not be negative" }]);
  }
  return Math.min(request.pageSize || sizeDefault, sizeMax);
}

/** As many of the first as a message holds, and one at least. */
function lightest<T, K>(items: readonly T[], { weigh }: Order<T, K>): readonly T[] {
  if (!weigh) return items;
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += weigh(item);
    return index > 0 && bytes > pageBytesMax;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** The order of ids, for {@link cutPage}. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The token of the page after an item's key. */
export function writeToken(key: unknown, query: string): string {
  return Buffer.from(JSON.stringify([queryMark(query), key])).toString("base64url");
}

/** The key that a token carries; undefined on the first page. Throws `invalid`. */
export function readToken(token: string, query: string): unknown {
  if (token === "") return undefined;
  const read = Token.safeParse(parse(Buffer.from(token, "base64url").toString()));
  const wrong = read.success ? "is of another query" : "is not one that was given out";
  if (read.success && read.data[0] === queryMark(query)) return read.data[1];
  throw invalid([{ field: "page_token", description: wrong }]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Told as a bad token.
  }
}

function queryMark(query: string): string {
  return derivedBase36(6, "query", query);
}
