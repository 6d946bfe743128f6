import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small file system of its own, that can be mounted otherwise. */
export type SmallDisk = { readonly dir: string; readonly remount: (options: string) => void };

/** A file system of so many KB; undefined where we may not mount one. */
export function smallDisk(kilobytes: number, onEnd: (end: () => void) => void) {
  const dir = mkdtempSync(join(tmpdir(), "gt-small-"));
  const mount = (options: string) => {
    return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", dir]).status === 0;
  };
  const isMounted = mount(`size=${kilobytes}k`);
  onEnd(() => {
    if (isMounted) spawnSync("umount", [dir]);
    rmSync(dir, { recursive: true });
  });
  const remount = (options: string) => mount(`remount,${options}`);
  return isMounted ? ({ dir, remount } satisfies SmallDisk) : undefined;
}
