import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownIdentity } from "./identity.ts";

test("a home has one identity for ever, a copy has the same, another home another", async () => {
  const root = await mkdtemp(join(tmpdir(), "gt-identity-"));
  try {
    const home = join(root, "home");
    const at = await Promise.all([ownIdentity(home), ownIdentity(home)]);
    expect(at[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set([...at, await ownIdentity(home)]).size).toBe(1);
    expect(await readdir(home)).toEqual(["identity"]);
    await cp(home, join(root, "copy"), { recursive: true });
    expect(await ownIdentity(join(root, "copy"))).toBe(at[0]);
    expect(await ownIdentity(join(root, "other"))).not.toBe(at[0]);
    await writeFile(join(home, "identity"), "");
    await expect(ownIdentity(home)).rejects.toThrow("holds no identity");
  } finally {
    await rm(root, { recursive: true });
  }
});
