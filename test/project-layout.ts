import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { projectRoot } from "../deploy/setup/set-up.mjs";
import { importsOf } from "./imports.ts";
import { misplacedImport, type Packages } from "./layout.ts";
import { projectSources } from "./sources.ts";
import type { Finding } from "./tidy.ts";

const Names = z.record(z.string(), z.string());
const PackageJson = z.object({ dependencies: Names, devDependencies: Names });

/** Every import of this project that the layout forbids. */
export function misplacements(root = projectRoot): Finding[] {
  const packages = declaredPackages(root);
  return projectSources(root)
    .filter(({ path }) => /\.(ts|mjs)$/.test(path))
    .flatMap((source) =>
      importsOf(source).flatMap((specifier) => {
        const what = misplacedImport(source.path, specifier, packages);
        const line = lineOf(source.text, specifier);
        return what === undefined ? [] : [{ path: source.path, line, what }];
      }),
    );
}

function declaredPackages(root: string): Packages {
  const file = readFileSync(join(root, "package.json"), "utf8");
  const { dependencies, devDependencies } = PackageJson.parse(JSON.parse(file));
  return { runtime: Object.keys(dependencies), dev: Object.keys(devDependencies) };
}

function lineOf(text: string, specifier: string): number {
  return text.slice(0, text.indexOf(`"${specifier}"`)).split("\n").length;
}
