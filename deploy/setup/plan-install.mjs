/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} Entry
 * @typedef {{ packages?: Record<string, Entry> }} Lock package-lock.json, or npm's own record of it
 * @typedef {{ lockHash: string, dev: boolean }} Stamp what the last install put in node_modules
 * @typedef {{ runtime: boolean, all: boolean, someDev: boolean }} Coverage
 * @typedef {{ do: "nothing" } | { do: "adopt" | "install", dev: boolean }} Plan
 */

/**
 * How much of the lock file node_modules holds. Optional packages are left out of the count: those
 * of other platforms are rightly absent.
 * @param {Lock} lock
 * @param {Lock | undefined} installed npm's `node_modules/.package-lock.json`
 * @returns {Coverage}
 */
export function coverage(lock, installed) {
  if (installed === undefined) return { runtime: false, all: false, someDev: false };
  const have = installed.packages ?? {};
  const missing = Object.entries(lock.packages ?? {}).filter(
    ([path, entry]) =>
      path !== "" && !entry.optional && !entry.devOptional && have[path]?.version !== entry.version,
  );
  return {
    runtime: missing.every(([, entry]) => entry.dev === true),
    all: missing.length === 0,
    someDev: Object.values(have).some((entry) => entry.dev === true),
  };
}

/**
 * Whether the stamp alone says that nothing is to be done.
 * @param {Stamp | undefined} stamp
 * @param {string} lockHash
 * @param {boolean} wantsDev
 */
export function isCurrent(stamp, lockHash, wantsDev) {
  return stamp?.lockHash === lockHash && (stamp.dev || !wantsDev);
}

/**
 * What to do with node_modules. A tree that someone installed by hand is adopted, and development
 * packages that are there stay, because a run of `npm start` must not break the next `npm test`.
 * @param {{ stamp: Stamp | undefined, lockHash: string, wantsDev: boolean, found: Coverage }} facts
 * @returns {Plan}
 */
export function planInstall({ stamp, lockHash, wantsDev, found }) {
  if (isCurrent(stamp, lockHash, wantsDev)) return { do: "nothing" };
  if (found.all) return { do: "adopt", dev: true };
  if (found.runtime && !wantsDev) return { do: "adopt", dev: false };
  return { do: "install", dev: wantsDev || found.someDev };
}
