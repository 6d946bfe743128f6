import type { LineReport } from "#services/ledger/import-lines.ts";
import { TownError, type Violation } from "#services/rpc/town-error.ts";

const linesMax = 10;
const groupsMax = 5;
const lineCharsMax = 160;
/** The wire takes a message of 1,000. */
const toldCharsMax = 900;

/**
 * What a file is refused with: lines that no rig takes by their prefix, the others by number.
 *
 * @param isForeign whether no rig has the prefix of an id
 */
export function refusalOf(
  refused: readonly LineReport[],
  isForeign: (id: string) => boolean,
): TownError {
  const groups = groupsOf(refused, isForeign).filter(({ lines }) => lines.length > 1);
  const grouped = new Set(groups.flatMap(({ lines }) => lines));
  const others = refused.filter(({ line }) => !grouped.has(line));
  const shown = groups.slice(0, groupsMax);
  const violations: Violation[] = shown.map(({ prefix, lines }, at) =>
    violation(lines[0], groupWords(prefix, lines.length, at)),
  );
  let chars = violations.reduce((sum, { description }) => sum + description.length, 0);
  let toldLines = 0;
  for (const { line, why = "" } of others.slice(0, linesMax)) {
    const each = violation(line, cut(`line ${line}: ${why}`));
    chars += each.description.length;
    if (chars > toldCharsMax) break;
    violations.push(each);
    toldLines += 1;
  }
  const told = violations.map(({ description }) => description);
  const [moreGroups, moreLines] = [groups.length - shown.length, others.length - toldLines];
  if (moreGroups > 0) told.splice(groupsMax, 0, `and ${moreGroups} more prefixes like that`);
  if (moreLines > 0) told.push(`and ${moreLines} more lines`);
  return new TownError("invalid", `nothing was filed: ${told.join("; ")}`, { violations });
}

type Group = { readonly prefix: string; readonly lines: number[] };

/** Of `gt-a` and `gt-wisp-b` the prefix is `gt`: a rig that has it takes both. The most first. */
function groupsOf(refused: readonly LineReport[], isForeign: (id: string) => boolean): Group[] {
  const foreign = refused.flatMap(({ line, id = "" }) => {
    return id.lastIndexOf("-") > 0 && isForeign(id) ? [{ line, id }] : [];
  });
  const whole = (id: string) => id.slice(0, id.lastIndexOf("-"));
  const prefixes = new Set(foreign.map(({ id }) => whole(id)));
  const shortest = (id: string): string => {
    const words = whole(id).split("-");
    for (let length = 1; length < words.length; length += 1) {
      const prefix = words.slice(0, length).join("-");
      if (prefixes.has(prefix)) return prefix;
    }
    return whole(id);
  };
  const groups = new Map<string, number[]>();
  for (const { line, id } of foreign) {
    const prefix = shortest(id);
    const lines = groups.get(prefix);
    if (lines) lines.push(line);
    else groups.set(prefix, [line]);
  }
  return [...groups]
    .map(([prefix, lines]) => ({ prefix, lines }))
    .sort((a, b) => b.lines.length - a.lines.length);
}

/** What to do about it is said of the first. */
function groupWords(prefix: string, count: number, at: number): string {
  const what = `${count} lines have the prefix ${cut(prefix, 40)}, which no rig has`;
  if (at > 0) return what;
  const add = `\`gt rig add NAME REMOTE --prefix ${cut(prefix, 40)}\``;
  return `${what}: add one with ${add}, or file them into a folder with \`gt ledger import --dir\``;
}

function violation(line = 1, description = ""): Violation {
  return { field: `lines[${line - 1}]`, description };
}

function cut(text: string, charsMax = lineCharsMax): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`.toWellFormed();
}
