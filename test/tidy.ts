import { parseSync, Visitor } from "oxc-parser";
import type { Source } from "./sources.ts";

/** One thing that is not as the house style says; `line` is 1 where the file itself is meant. */
export type Finding = { readonly path: string; readonly line: number; readonly what: string };

const columnsMax = 100;
const functionLinesMax = 70;
const fileLinesMax = 300;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const snakeCase = /^[a-z0-9]+(_[a-z0-9]+)*$/; // As buf lint wants proto files.
const emptyNames = ["util", "utils", "helper", "helpers", "common", "manager", "types", "misc"];
// What tools and conventions demand to be called so.
const givenNames = ["CHANGELOG.md", "LICENSE", "README.md", "Containerfile", "Dockerfile"];

/** What is untidy in one file: its name, its width, its length, its functions. */
export function tidy({ path, text }: Source): Finding[] {
  const widths = wideLines(path, text);
  if (!/\.(ts|mjs)$/.test(path)) return [...badNames(path), ...widths];
  return [...badNames(path), ...widths, ...longFile(path, text), ...syntax(path, text)];
}

/** Names that say nothing, are not kebab-case, or gather other files. */
export function badNames(path: string): Finding[] {
  const segments = path.split("/");
  const file = segments.at(-1) ?? "";
  const at = (what: string): Finding => ({ path, line: 1, what });
  if (givenNames.includes(file) || file.startsWith(".")) return [];
  const findings: Finding[] = [];
  if (/^index\.[cm]?[jt]s$/.test(file)) findings.push(at("no index files: import the file meant"));
  for (const segment of segments) {
    const name = segment.replace(/^\./, "").split(".")[0] ?? "";
    const shape = segment.endsWith(".proto") ? snakeCase : kebabCase;
    if (!shape.test(name)) findings.push(at(`"${segment}" is not kebab-case`));
    const empty = name.split("-").find((word) => emptyNames.includes(word));
    if (empty !== undefined) findings.push(at(`"${segment}" says nothing: ${empty}`));
  }
  return findings;
}

function wideLines(path: string, text: string): Finding[] {
  return text.split("\n").flatMap((content, index) => {
    const columns = [...content].length;
    if (columns <= columnsMax) return [];
    return [{ path, line: index + 1, what: `${columns} columns, at most ${columnsMax}` }];
  });
}

function longFile(path: string, text: string): Finding[] {
  const lines = text.replace(/\n$/, "").split("\n").length;
  if (lines <= fileLinesMax) return [];
  return [{ path, line: 1, what: `${lines} lines, at most ${fileLinesMax} a file` }];
}

/** Functions that are too long, and what the oldest Node that runs this cannot read. */
function syntax(path: string, text: string): Finding[] {
  const { program, errors } = parseSync(path, text);
  const broken = errors[0];
  if (broken) return [{ path, line: 1, what: `cannot be parsed: ${broken.message}` }];
  const lineAt = lineCounter(text);
  const findings: Finding[] = [];
  const measure = (node: { start: number; end: number }) => {
    const line = lineAt(node.start);
    const lines = lineAt(node.end) - line + 1;
    if (lines <= functionLinesMax) return;
    findings.push({ path, line, what: `${lines} lines, at most ${functionLinesMax} a function` });
  };
  const lowered = path.startsWith("test/") || path.endsWith(".test.ts"); // By vitest.
  new Visitor({
    VariableDeclaration: ({ kind, start }) => {
      if (lowered || !kind.endsWith("using")) return;
      findings.push({ path, line: lineAt(start), what: `Node 22 cannot read "${kind}"` });
    },
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(program);
  return findings;
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}
