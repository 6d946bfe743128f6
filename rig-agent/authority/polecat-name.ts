/** The pool that a rig's polecats take their names from; behind it come numbers. */
const pool = [
  ...["furiosa", "nux", "slit", "toast", "capable", "cheedo", "valkyrie", "keeper", "rictus"],
  ...["dag", "angharad", "morsov", "ace", "bullet", "organic", "corpus", "scrotus", "dementus"],
  ...["jack", "smeg", "hope", "glory", "chum", "gastro", "griffa", "crow", "dogman", "nitro"],
] as const;

/** The first name of the pool that no polecat of the rig bears now. */
export function freeName(taken: ReadonlySet<string>): string {
  for (const name of pool) if (!taken.has(name)) return name;
  for (let number = 1; ; number += 1) {
    const name = `polecat-${number}`;
    if (!taken.has(name)) return name;
  }
}
