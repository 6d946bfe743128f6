import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("the client loads nothing that only a server needs, for `gt` lives shortly", () => {
  const script = `
    await import("./services/rpc/client.ts");
    const { createRequire } = await import("node:module");
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(loaded));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: new URL("../..", import.meta.url),
    encoding: "utf8",
  });
  const loaded: string[] = JSON.parse(stdout);
  expect(loaded.some((path) => path.includes("@grpc/grpc-js"))).toBe(true);
  expect(loaded.filter((path) => /reflection|health|protobufjs/.test(path))).toEqual([]);
});
