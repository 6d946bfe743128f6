import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findNatsServer } from "./nats-server.ts";

let home = "";
const said: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "gt-nats-find-"));
  said.length = 0;
});
afterEach(() => rm(home, { recursive: true, force: true }));

const find = (env: NodeJS.ProcessEnv) =>
  findNatsServer({
    home: join(home, "home"),
    cache: join(home, "cache"),
    env,
    say: (line) => said.push(line),
  });

/** An executable that answers like nats-server does when asked its version. */
async function pretend(path: string, version: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

test("GT_NATS_SERVER comes before the PATH, the PATH before an unpacked one", async () => {
  const unpacked = join(home, "cache", "nats-server", "usr", "sbin", "nats-server");
  await pretend(unpacked, "2.9.10");
  expect(await find({ PATH: "" })).toEqual({ path: unpacked, version: "2.9.10" });

  const onPath = await pretend(join(home, "bin", "nats-server"), "2.10.1");
  const PATH = join(home, "bin");
  expect(await find({ PATH })).toEqual({ path: onPath, version: "2.10.1" });

  const named = await pretend(join(home, "own", "server"), "2.12.0");
  const env = { PATH, GT_NATS_SERVER: named };
  expect(await find(env)).toEqual({ path: named, version: "2.12.0" });
  expect(said).toEqual([]);
});

test("a GT_NATS_SERVER that does not run is named, not passed over", async () => {
  await pretend(join(home, "bin", "nats-server"), "2.10.1");
  const found = await find({ PATH: join(home, "bin"), GT_NATS_SERVER: "/nowhere/nats" });
  expect(found).toEqual({ missing: expect.stringContaining("/nowhere/nats") });
});

test("something on the PATH that is not a nats-server is passed over", async () => {
  const fake = join(home, "bin", "nats-server");
  await mkdir(dirname(fake));
  await writeFile(fake, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const unpacked = join(home, "home", "nats-server", "usr", "sbin", "nats-server");
  await pretend(unpacked, "2.9.10");
  expect(await find({ PATH: join(home, "bin") })).toEqual({ path: unpacked, version: "2.9.10" });
});
