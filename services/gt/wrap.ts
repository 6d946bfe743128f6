import stringWidth from "string-width";

/**
 * Text cut between its words so that no line is wider than `columns`; what follows the first line
 * is indented. A word that is wider by itself stays whole, for an id that is cut is none.
 */
export function wrap(text: string, columns: number, indent = "  "): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || stringWidth(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line];
}
