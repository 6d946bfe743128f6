import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";

/** Text on one line. What agents write may not move the reader's cursor or change its colours. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it removes.
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

/** Text whose lines stay, without control characters. */
export function plainLines(text: string): string[] {
  return text.replaceAll("\r\n", "\n").split("\n").map(oneLine);
}

/** Cut to a display width, with `…` where something is missing. */
export function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns > 0 ? `${kept}…` : "";
}
