import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { MemoryDisk } from "#services/ledger/disk-memory.ts";
import { openLedger } from "#services/ledger/ledger.ts";
import { renderView, viewPath } from "../../town/hub/hub.ts";
import { findTool, person, testWith } from "./beads-tool.ts";
import { type Row, readyOnlyAt } from "./compare.ts";
import { everyKind, judgedMs } from "./every-kind.ts";

const bv = findTool("bv", /^0\.9\./);

type Plan = { readonly plan: { readonly tracks: readonly { readonly items: readonly Row[] }[] } };

testWith(
  bv,
  "it reads our view and plans the same work but for what it does not know",
  async () => {
    const dir = await mkdtemp(join(tmpdir(), "gt-bv-"));
    try {
      const options = { dir: "/j", machine: "town", disk: new MemoryDisk(), nowMs: () => judgedMs };
      const ledger = await openLedger(options);
      await ledger.append("ann", everyKind());
      const bea = await person(dir);
      const path = join(dir, "work", viewPath);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, renderView(ledger));
      const { plan } = JSON.parse(await bea("bv", "--robot-plan")) as Plan;
      const ready = plan.tracks.flatMap(({ items }) => items);
      for (const { id, title, priority, status } of ready) {
        expect(ledger.world.bead(id)).toMatchObject({ title, priority, status });
      }
      expect(readyOnlyAt(ledger, ready)).toEqual({
        // Pinned and deleted beads block there, and both sides of a cycle.
        ours: ["alpha-about", "alpha-on-gone", "alpha-on-pinned"],
        // It knows the direct edges of type `blocks` to beads that it has, and the status `closed`.
        theirs: [
          ...["alpha-child", "alpha-grandchild", "alpha-late-child"],
          ...["alpha-edge-conditional-blocks", "alpha-edge-waits-for"],
          ...["alpha-for-all", "alpha-for-any", "alpha-on-absent", "alpha-on-done-if"],
          ...["alpha-is-blocked", "alpha-is-deferred", "alpha-is-hooked", "alpha-is-pinned"],
          ...["alpha-is-review", "alpha-later", "alpha-pinned-flag"],
        ].sort(),
      });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);
