import type { Reason } from "#services/rpc/town-error.ts";

type Rule = { readonly reason: Reason; readonly signs: readonly RegExp[] };

/** First match wins, so what is particular stands before what git adds to many failures. */
const rules: readonly Rule[] = [
  { reason: "exhausted", signs: [/No space left on device|Disk quota exceeded/] },
  { reason: "denied", signs: [/receiving end does not support/] },
  // A lock file may be held by a live git or left by a dead one; either way, later may work.
  { reason: "unavailable", signs: [/\.lock': File exists|Another git process seems to be/] },
  {
    reason: "stale",
    signs: [
      /\((?:non-fast-forward|fetch first|stale info|needs force|remote ref updated)/,
      /cannot lock ref '[^']*': (?:is at|reference already exists|unable to resolve)/,
      /denying non-fast-forward|\(failed to update ref\)|incorrect old value/,
      /reference already exists/,
    ],
  },
  {
    reason: "denied",
    signs: [
      /Authentication failed|Permission denied|could not read (?:Username|Password)/,
      /returned error: 40[13]|Host key verification failed|dubious ownership/,
      /hook declined|protected branch|\[remote rejected\]/i,
      /insufficient permission|Access denied|does not have permission/i,
    ],
  },
  {
    reason: "unavailable",
    signs: [
      /Could not resolve host|Connection (?:refused|timed out|reset|closed)|Failed to connect/i,
      /Couldn't connect|unable to connect|Network is unreachable|No route to host/i,
      /Operation timed out|hung up unexpectedly|early EOF|RPC failed|unexpected disconnect/i,
      /returned error: (?:5\d\d|429)|Empty reply from server/,
    ],
  },
  {
    reason: "not_found",
    signs: [
      /does not appear to be a git repository|not a git repository|repository .*not found/i,
      /couldn't find remote ref|unknown revision|bad revision|Needed a single revision/,
      /Not a valid object name|not a valid object|bad object|invalid reference/,
      /src refspec .* does not match|returned error: 404|No such remote|does not exist/,
    ],
  },
  { reason: "unavailable", signs: [/Could not read from remote repository|unable to access '/] },
];

/** What a failed git said, as a reason that a caller can act on (git speaks C locale here). */
export function gitFailure(stderr: string): Reason {
  return rules.find(({ signs }) => signs.some((sign) => sign.test(stderr)))?.reason ?? "invalid";
}

const advice: Partial<Record<Reason, string>> = {
  unavailable: "it may work later: check that the remote answers",
  stale: "someone else moved it: fetch, then decide again",
  denied: "check the credentials, the hooks and the branch protection of the remote",
  not_found: "check the path, the URL or the name",
  exhausted: "free some space, or raise the limit",
};

/** What a person can do about a failure of that reason; empty where git's words must do. */
export function gitAdvice(reason: Reason): string {
  return advice[reason] ?? "";
}

/** The text without passwords and tokens that a URL may carry. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@'"]+@/gi, "$1***@");
}

/** The lines of git's stderr that a person needs, without progress, hints and secrets. */
export function gitWords(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !/^(?:hint:|To |Enumerating|Counting|Writing)/.test(line));
  return withoutSecrets(lines.slice(-12).join("\n"));
}
