import { parseSync } from "oxc-parser";
import type { Source } from "./sources.ts";

/** Everything a module asks for: imports, re-exports, and `import("…")` of a literal. */
export function importsOf({ path, text }: Source): string[] {
  const { module } = parseSync(path, text);
  const { staticImports, staticExports, dynamicImports } = module;
  const exported = staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
  );
  const dynamic = dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    const literal = /^(["'`])([^"'`$]+)\1$/.exec(text.slice(start, end));
    return literal?.[2] === undefined ? [] : [literal[2]];
  });
  const named = [...staticImports.map(({ moduleRequest }) => moduleRequest.value), ...exported];
  return [...new Set([...named, ...dynamic])];
}
