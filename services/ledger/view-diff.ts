/** A line of the view as one commit has it, with its number counted from 1. */
export type ViewLine = { readonly number: number; readonly text: string };

/** How the view of one commit differs from a parent's: lines that came, lines that went. */
export type ViewDiff = { readonly came: readonly ViewLine[]; readonly went: readonly ViewLine[] };

/** Read what `git diff -U0` prints about one file. */
export function readDiff(output: string): ViewDiff {
  const came: ViewLine[] = [];
  const went: ViewLine[] = [];
  let [oldNumber, newNumber] = [0, 0];
  let isBody = false;
  for (const line of output.split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      isBody = true;
      [oldNumber, newNumber] = [Number(hunk[1]), Number(hunk[2])];
    } else if (isBody && line.startsWith("-")) {
      went.push({ number: oldNumber, text: textOf(line) });
      oldNumber += 1;
    } else if (isBody && line.startsWith("+")) {
      came.push({ number: newNumber, text: textOf(line) });
      newNumber += 1;
    }
  }
  return { came, went };
}

function textOf(line: string): string {
  return line.slice(1).replace(/\r$/, "");
}

/** Lines to read, and lines in a conflict that somebody committed unresolved. */
export type Sorted = { readonly lines: readonly ViewLine[]; readonly conflicts: readonly number[] };

/**
 * Leave out what stands between conflict markers: neither side was chosen.
 *
 * Of a side that the parent had already the diff shows nothing; the markers themselves always came.
 */
export function leaveConflicts(came: readonly ViewLine[]): Sorted {
  const lines: ViewLine[] = [];
  const conflicts: number[] = [];
  let isInside = false;
  for (const line of came) {
    const marker = /^(<{7}|={7}|>{7}|\|{7})(?: |$)/.exec(line.text)?.[1]?.[0];
    if (marker === "<") isInside = true;
    if (isInside || marker !== undefined) conflicts.push(line.number);
    else if (line.text.trim() !== "") lines.push(line);
    if (marker === ">") isInside = false;
  }
  return { lines, conflicts };
}
