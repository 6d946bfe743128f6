/** The Node that is fetched where the user's own is too old: exact, so that clones are alike. */
export const pinnedNode = "24.21.0";

/**
 * Whether this Node runs TypeScript as it is: 22.18 and up within 22, or 24 and up.
 * @param {string} version as in `process.versions.node`
 */
export function stripsTypes(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 18);
}

/**
 * @typedef {{ version: string, platform: string, arch: string, glibc: boolean }} Machine
 * @typedef {Machine & { fetched: boolean }} Host
 * @typedef {{ use: "own" | "fetched" | "fetch" } | { use: "none", why: string }} Choice
 */

/**
 * Which Node runs the project: the user's own if it can, else the pinned one, fetched once.
 * @param {Host} host `fetched`: the pinned one is already here
 * @returns {Choice}
 */
export function chooseNode({ version, platform, arch, glibc, fetched }) {
  if (stripsTypes(version)) return { use: "own" };
  if (platform === "linux" && arch === "x64" && glibc) {
    return fetched ? { use: "fetched" } : { use: "fetch" };
  }
  const libc = platform === "linux" && !glibc ? " without glibc" : "";
  const why =
    `Node 22.18 or newer is required here (${platform} ${arch}${libc}), and this is ${version}.\n` +
    "Only on Linux x64 can set-up fetch one by itself. Get one at https://nodejs.org/download\n" +
    "or with your version manager, then run the command again.";
  return { use: "none", why };
}
