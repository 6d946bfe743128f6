import { InvalidArgumentError } from "commander";

/** Read a whole number, 0 or more. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Read the name of a machine. */
export function machine(text: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(text) && text !== "town") return text;
  throw new InvalidArgumentError(
    "It is lower case letters, digits and dashes, a letter first, at most 32, and not `town`.",
  );
}

/** Read an address to listen on or to call. */
export function address(text: string): string {
  if (/^\S+:\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError("It is host:port.");
}

/** Whether an address is on this host alone. */
export function isLoopback(hostAndPort: string): boolean {
  const host = hostAndPort.slice(0, hostAndPort.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
