import { realpathSync } from "node:fs";

/**
 * One text for all the ways to write down one remote: links of a path are followed, and what is
 * after a URL's host without meaning is left out. For comparing, not for calling.
 */
export function remotePlace(remote: string): string {
  const plain = remote.replace(/^file:\/\/(?=\/)/, "").replace(/\/+$/, "");
  if (plain.startsWith("/")) return realPath(plain);
  const [, user = "", host = "", path = ""] =
    /^(?:ssh:\/\/)?([^@/]+@)?([^:/@]+):?\/?(.+)$/.exec(plain) ?? [];
  const isSsh = plain.startsWith("ssh://") || !plain.includes("://");
  if (isSsh && host !== "") return `ssh://${user}${host.toLowerCase()}/${withoutGit(path)}`;
  return withoutGit(plain.replace(/^[a-z+.-]+:\/\/[^/]+/i, (origin) => origin.toLowerCase()));
}

function withoutGit(path: string): string {
  return path.replace(/\.git$/, "");
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // It may be away, or on another host.
  }
}
