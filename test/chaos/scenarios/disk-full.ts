import { execFile } from "node:child_process";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Scenario } from "../scenario.ts";
import { addRig, type Stage } from "../stage.ts";
import { fileMany } from "../work.ts";

const run = promisify(execFile);

/** A machine's disk is full while its workers commit; once there is room, all goes on. */
export const diskFull: Scenario = {
  name: "disk-full",
  faults: [33, 51],
  isFast: false,
  needs: "tmpfs",
  run: async (stage) => {
    const disk = join(stage.home, "small-disk");
    await mkdir(disk);
    await run("mount", ["-t", "tmpfs", "-o", "size=96m", "tmpfs", disk]);
    stage.after(async () => void (await run("umount", ["--lazy", disk])));
    const vm = await stage.join("vm-a", { home: join(disk, "vm-a") });
    await addRig(stage);
    const works = await fileMany(stage, 3, { waits: true });
    for (const work of works) await work.begun();
    const filler = join(disk, "filler");
    await fill(stage, disk, filler);
    for (const work of works) work.letGo();
    await stage.last(5_000);
    await rm(filler);
    // Where it could make nothing durable it ends by itself, and its service starts it again.
    if (!(await vm.isAlive())) await vm.restart();
    await fileMany(stage, 1, { prefix: "after" });
  },
};

async function fill({ expect }: Stage, disk: string, filler: string): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {}); // As much as fits.
  expect((await statfs(disk)).bavail === 0, "the small disk could not be filled");
}
