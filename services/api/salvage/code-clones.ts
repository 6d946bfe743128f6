import { ensureClone } from "#services/git/bare-clone.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

/** Real clones of the rigs' remotes, each made when somebody first asks after its rig. */
export function codeClones(path: (rig: string) => string): SalvagePorts["codeDir"] {
  return async ({ name, remote }, signal) => {
    const repoDir = path(name);
    await ensureClone(remote, repoDir, { signal });
    return repoDir;
  };
}
