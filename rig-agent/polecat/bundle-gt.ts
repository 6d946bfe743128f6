import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

/**
 * Make one program of the `gt` that this process was started with, for its polecats.
 *
 * They call it a dozen times a bead, and most of such a call is the loading of some 200 modules: as
 * a bundle it costs half. It also stays what it is while the sources beside it are upgraded.
 *
 * @returns the program's path; the same content is made once
 */
export async function bundleGt(root: string, home: string): Promise<string> {
  const outdir = join(home, "gt");
  const { outputFiles } = await build({
    entryPoints: [join(root, "services", "gt", "main.ts")],
    bundle: true,
    splitting: true, // Each verb loads only what it needs.
    platform: "node",
    format: "esm",
    outdir,
    outExtension: { ".js": ".mjs" },
    write: false,
    // Libraries that are CommonJS inside ask for Node's own modules with `require`.
    banner: {
      js: [
        'import { createRequire as gtRequire } from "node:module";',
        "const require = gtRequire(import.meta.url);",
      ].join(" "),
    },
    logLevel: "silent",
  });
  const hash = createHash("sha256");
  for (const { contents } of outputFiles) hash.update(contents);
  const dir = join(outdir, hash.digest("hex").slice(0, 16));
  if (!existsSync(dir)) {
    const partial = `${dir}.${process.pid}`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    for (const { path, contents } of outputFiles) {
      await writeFile(join(partial, basename(path)), contents);
    }
    await rename(partial, dir);
  }
  return join(dir, "main.mjs");
}
