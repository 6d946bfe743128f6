/**
 * The shortest list found that still fails: parts are left out, larger ones first, for as long as
 * what is left fails.
 *
 * @param triesMax how many lists are tried at most
 * @see Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), ddmin
 */
export async function shrink<T>(
  failing: readonly T[],
  fails: (list: readonly T[]) => Promise<boolean>,
  triesMax: number,
): Promise<readonly T[]> {
  let left = failing;
  let tries = 0;
  const stillFails = async (list: readonly T[]) => {
    tries += 1;
    return fails(list);
  };
  if (left.length > 0 && (await stillFails([]))) return [];
  for (let parts = 2; left.length > 1 && tries < triesMax; ) {
    const size = Math.ceil(left.length / parts);
    let found: readonly T[] | undefined;
    for (let from = 0; from < left.length && !found && tries < triesMax; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      if (await stillFails(rest)) found = rest;
    }
    if (found) {
      left = found;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}
