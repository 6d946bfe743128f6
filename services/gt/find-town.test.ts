import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemProcesses } from "#services/runtime/process-table.ts";
import { findTown, type Home } from "./find-town.ts";
import { rememberHome } from "./known-homes.ts";
import { findHomes, homePaths, parseTownFile } from "./read-homes.ts";

const home: Home = {
  path: "/w/.gastown/town",
  file: { town: "t", address: "127.0.0.1:4600", sockets: { "vm-a": "/w/a.sock" } },
};
const polecat = { GT_SOCKET: "/run/a.sock", GT_TOKEN: "secret", GT_TOWN: "elsewhere:1" };

test.for([
  { name: "a flag", hints: { town: "h:1", env: polecat }, expected: ["h:1"] },
  { name: "a polecat's own rig-agent", hints: { env: polecat }, expected: ["unix:/run/a.sock"] },
  { name: "the environment", hints: { env: { GT_TOWN: "h:2" } }, expected: ["h:2"] },
  { name: "an empty variable", hints: { env: { GT_TOWN: "" } }, expected: "home" },
  { name: "the home", hints: { env: {} }, expected: "home" },
  { name: "a named home over a polecat", hints: { home: "/w", env: polecat }, expected: "home" },
  {
    name: "a town that the home knows too",
    hints: { env: { GT_TOWN: "127.0.0.1:4600" } },
    expected: "home",
  },
])("asks what $name names", ({ hints, expected }) => {
  const found = findTown(hints, [home]).map(({ address }) => address);
  expect(found).toEqual(expected === "home" ? ["127.0.0.1:4600", "unix:/w/a.sock"] : expected);
});

test("only the polecat's own rig-agent is shown its token", () => {
  expect(findTown({ env: polecat }, [home])[0]?.token).toBe("secret");
  expect(findTown({ town: "h:1", env: polecat }, [home])[0]?.token).toBeUndefined();
});

test("nothing known is nobody to ask", () => {
  expect(findTown({ env: {} }, [])).toEqual([]);
});

test("a machine that joined has only its rig-agent", () => {
  const joined = { path: "/w", file: { ...home.file, address: "" } };
  expect(findTown({ env: {} }, [joined])).toEqual([
    { address: "unix:/w/a.sock", what: "the rig-agent of vm-a" },
  ]);
});

test("homes are looked for upwards, a named one alone", () => {
  expect(homePaths({ env: {} }, "/w/src")).toEqual([
    "/w/src/.gastown/town",
    "/w/src/.gastown/demo",
    "/w/.gastown/town",
    "/w/.gastown/demo",
    "/.gastown/town",
    "/.gastown/demo",
  ]);
  expect(homePaths({ env: { GT_HOME: "h" } }, "/w")).toEqual(["/w/h"]);
  expect(homePaths({ home: "/x", env: { GT_HOME: "h" } }, "/w")).toEqual(["/x"]);
});

test.for([
  { text: "{", says: "is not JSON" },
  { text: "[]", says: "is of version none" },
  { text: '{"version":3}', says: "is of version 3; this gt reads 1" },
  { text: '{"version":1,"town":"t"}', says: 'does not say "town" and "address"' },
])("a bad town.json is named: $text", ({ text, says }) => {
  expect(() => parseTownFile(text, "/w/town.json")).toThrow(`/w/town.json ${says}`);
});

/** Homes below a folder, each with a town at a port of its own, and what `gt` finds there. */
async function scratchHomes() {
  const dir = mkdtempSync(join(tmpdir(), "gt-find-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { pid } = process;
  const startTime = (await systemProcesses().row(pid))?.startTime ?? "";
  const env = { XDG_STATE_HOME: join(dir, "state") };
  const make = (path: string, address: string, isRunning: boolean) => {
    const home = join(dir, path);
    mkdirSync(home, { recursive: true });
    const pids = { town: { pid, startTime: isRunning ? startTime : "long-ago" } };
    writeFileSync(
      join(home, "town.json"),
      JSON.stringify({ version: 1, town: "t", address, pids }),
    );
    rememberHome(home, env);
    return home;
  };
  const find = async (folder: string, more = {}) =>
    (await findHomes({ env, ...more }, join(dir, folder))).map(({ file }) => file.address);
  return { make, find, env };
}

test("a home whose processes are gone is passed over, unless it is named", async () => {
  const { make, find } = await scratchHomes();
  const ended = make("w/.gastown/town", "h:1", false);
  expect(await find("w")).toEqual([]);
  expect(await find("w", { home: ended })).toEqual(["h:1"]);
  make("w/.gastown/demo", "h:2", true);
  expect(await find("w")).toEqual(["h:2"]);
});

test("where nothing runs near, the only town on this host is meant; of several none", async () => {
  const { make, find } = await scratchHomes();
  const one = make("one/.gastown/town", "h:1", true);
  make("ended/.gastown/town", "h:9", false);
  expect(await find("elsewhere")).toEqual(["h:1"]);
  make("same/.gastown/town", "h:1", true); // A machine that joined the same town.
  expect(await find("elsewhere")).toEqual(["h:1"]);
  const two = make("two/.gastown/town", "h:2", true);
  expect(await find("two")).toEqual(["h:2"]);
  await expect(find("elsewhere")).rejects.toThrow(`--home ${two}`);
  expect(await find("elsewhere", { home: one })).toEqual(["h:1"]);
  expect(await find("elsewhere", { town: "h:3" })).toEqual([]);
});
