import { expect, test } from "vitest";
import { gitFailure, gitWords, withoutSecrets } from "./git-failure.ts";

test.for([
  ["! [rejected]  a -> main (non-fast-forward)", "stale"],
  ["! [rejected]  a -> main (stale info)", "stale"],
  ["! [remote rejected] a -> b (failed to update ref)", "stale"],
  ["! [remote rejected] a -> b (pre-receive hook declined)", "denied"],
  ["! [remote rejected] main -> main (Working directory has unstaged changes)", "denied"],
  ["remote: error: GH006: Protected branch update failed for refs/heads/main.", "denied"],
  [
    "fatal: the receiving end does not support --atomic push\nfatal: hung up unexpectedly",
    "denied",
  ],
  ["fatal: Authentication failed for 'https://x/y'", "denied"],
  [
    "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    "denied",
  ],
  ["fatal: unable to access 'https://h/': Could not resolve host: h", "unavailable"],
  ["ssh: connect to host h port 22: Connection refused\nfatal: Could not read from", "unavailable"],
  ["fatal: Unable to create '/r/.git/index.lock': File exists.", "unavailable"],
  [
    "remote: error: cannot lock ref 'refs/heads/x': Unable to create '/r/x.lock': File exists.\n" +
      "! [remote rejected] a -> main (failed to update ref)",
    "unavailable",
  ],
  ["fatal: '/r' does not appear to be a git repository\nfatal: Could not read from", "not_found"],
  ["fatal: bad revision 'x'", "not_found"],
  ["error: file write error: No space left on device", "exhausted"],
  ["fatal: something new", "invalid"],
] as const)("%s → %s", ([stderr, reason]) => {
  expect(gitFailure(stderr)).toBe(reason);
});

test("secrets in URLs are not shown, progress and hints neither", () => {
  expect(withoutSecrets("fatal: https://me:token@host/x")).toBe("fatal: https://***@host/x");
  expect(gitWords("To /r\nhint: pull first\n! [rejected] a\n")).toBe("! [rejected] a");
});
