import { TownError } from "../rpc/town-error.ts";

/**
 * The largest stored message, in bytes; a larger ledger event travels by git alone. NATS itself
 * takes 1 MB, so that headers and a smaller server limit still fit.
 */
export const payloadBytesMax = 512 * 1024;

/** The name under which the town's own beats and ledger events travel. */
export const townMachine = "town";

const token = /^[a-z][a-z0-9-]{0,31}$/;
const subjectToken = /^[^\s.*>]+$/;

/** What a subject of ours is about. */
export type SubjectParts =
  | { readonly kind: "ledger"; readonly town: string; readonly machine: string }
  | { readonly kind: "beat"; readonly town: string; readonly machine: string }
  | { readonly kind: "ask"; readonly town: string; readonly machine: string; readonly verb: string }
  | { readonly kind: "wake"; readonly town: string };

/** Where a writer's ledger events go. An incarnation is published under its machine's name. */
export function ledgerSubject(town: string, writer: string): string {
  const machine = writer.split(".", 1)[0] ?? "";
  return `gt.${checkToken("town", town)}.ledger.${checkToken("writer", machine)}`;
}

/** The ledger events of every writer; the stored subjects of a town. */
export function ledgerSubjects(town: string): string {
  return `gt.${checkToken("town", town)}.ledger.>`;
}

/** Where a machine's heartbeats go; the town's own under `townMachine`. */
export function beatSubject(town: string, machine: string): string {
  return `gt.${checkToken("town", town)}.beat.${checkToken("machine", machine)}`;
}

/** The heartbeats of every machine and of the town. */
export function beatSubjects(town: string): string {
  return `gt.${checkToken("town", town)}.beat.*`;
}

/** Where a request of one kind to one machine goes. */
export function askSubject(town: string, machine: string, verb: string): string {
  return `${asksPrefix(town, machine)}.${checkToken("verb", verb)}`;
}

/** Every request to one machine; the responder reads the verb with `parseSubject`. */
export function askSubjects(town: string, machine: string): string {
  return `${asksPrefix(town, machine)}.*`;
}

/** Where anyone says that there is something new, so that loops need not wait for their tick. */
export function wakeSubject(town: string): string {
  return `gt.${checkToken("town", town)}.wake`;
}

function asksPrefix(town: string, machine: string): string {
  return `gt.${checkToken("town", town)}.ask.${checkToken("machine", machine)}`;
}

/** Read a subject of ours; undefined for any other. */
export function parseSubject(subject: string): SubjectParts | undefined {
  const [root, town, kind, machine, verb, ...rest] = subject.split(".");
  if (root !== "gt" || !town || !token.test(town) || rest.length > 0) return undefined;
  if (kind === "wake") return machine === undefined ? { kind, town } : undefined;
  if (!machine || !token.test(machine)) return undefined;
  if (kind === "ask") {
    return verb && token.test(verb) ? { kind, town, machine, verb } : undefined;
  }
  if (verb !== undefined || (kind !== "ledger" && kind !== "beat")) return undefined;
  return { kind, town, machine };
}

/** Whether messages of this subject (or pattern) are stored rather than only signalled. */
export function isStored(subject: string): boolean {
  const tokens = subject.split(".");
  return tokens[0] === "gt" && tokens[2] === "ledger" && tokens.length > 3;
}

/** Whether `subject` falls under `pattern`: `*` is one token, a last `>` one or more. */
export function matchesSubject(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const given = subject.split(".");
  for (const [index, part] of wanted.entries()) {
    if (part === ">") return given.length > index;
    const actual = given[index];
    if (actual === undefined) return false;
    // A permission for `*` does not cover a subscription to `>`.
    if (part !== actual && (part !== "*" || actual === ">")) return false;
  }
  return given.length === wanted.length;
}

/** Refuse a subject to send to that is empty, has an empty token, white space or a wildcard. */
export function checkSubject(subject: string): void {
  if (subject.split(".").every((part) => subjectToken.test(part))) return;
  throw new TownError("invalid", `not a subject to send to: "${subject}"`);
}

/** Refuse a subject to receive from that NATS would not understand. */
export function checkPattern(pattern: string): void {
  const parts = pattern.split(".");
  const last = parts.length - 1;
  const isFit = (part: string, index: number) =>
    part === "*" || (part === ">" && index === last) || subjectToken.test(part);
  if (parts.every(isFit)) return;
  throw new TownError("invalid", `not a subject to receive from: "${pattern}"`);
}

/** Refuse what cannot be stored: a subject outside the ledger, or a payload above the limit. */
export function checkStorable(subject: string, payload: Uint8Array): void {
  checkSubject(subject);
  if (!isStored(subject)) throw new TownError("invalid", `messages of ${subject} are not stored`);
  if (payload.length <= payloadBytesMax) return;
  const size = `${payload.length} bytes, of at most ${payloadBytesMax}`;
  throw new TownError("invalid", `the message for ${subject} is too large: ${size}`);
}

/** Refuse to consume what is not stored. */
export function checkConsumable(pattern: string): void {
  checkPattern(pattern);
  if (!isStored(pattern)) throw new TownError("invalid", `messages of ${pattern} are not stored`);
}

function checkToken(what: string, value: string): string {
  if (token.test(value)) return value;
  const rule = "lower case letters, digits and dashes, a letter first, at most 32 characters";
  throw new TownError("invalid", `the ${what} "${value}" is not a name: ${rule}`);
}
