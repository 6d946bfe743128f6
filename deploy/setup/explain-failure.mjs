/** @type {readonly (readonly [RegExp, string])[]} */
const advice = [
  [
    /spawn npm ENOENT|npm: (command )?not found/,
    "npm is not on the PATH. It comes with Node; install both, then run the command again.",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/i,
    "The package registry does not answer. Go online once (behind a proxy: npm config set\n" +
      "proxy), then run the command again; later runs need no network.",
  ],
  [
    /EACCES|EPERM|EROFS/,
    "This user may not write to the project's folder (or npm's cache: npm config get cache).\n" +
      "Make them yours, or clone the project to a folder of your own.",
  ],
  [/ENOSPC/, "The disk is full: about 400 MB are needed."],
  [/in sync|EUSAGE/, "package.json and package-lock.json disagree: run npm install, then again."],
];

const linesMax = 8;

/**
 * What a person can do about a failed npm command, followed by what npm said, bounded.
 * @param {string} command
 * @param {string} output
 */
export function explainFailure(command, output) {
  const known = advice.find(([pattern]) => pattern.test(output));
  const noise = /^npm warn|^(npm error)?\s*(at .*)?$/; // Warnings, blank lines, a stack.
  const said = output.split("\n").filter((line) => !noise.test(line));
  return [`${command} failed.`, ...(known ? [known[1]] : []), ...said.slice(0, linesMax)].join(
    "\n",
  );
}
