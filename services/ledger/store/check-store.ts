import { DatabaseSync } from "node:sqlite";
import { hashLine } from "../event.ts";
import { unseal } from "./seal.ts";
import { codeOf, isDamage } from "./store-error.ts";

/** What was found of a checkpoint's file by who only looks at it. */
export type StoreCheck = {
  /** Its process has it open, so that it was not looked at. */
  readonly isInUse: boolean;
  /** What is not as it was put; a sentence each. */
  readonly findings: readonly string[];
};

const findingsMax = 20;
/** SQLITE_BUSY, SQLITE_READONLY, SQLITE_CANTOPEN: locked, or in the middle of what a crash cut. */
const inUse = new Set([5, 8, 14]);

/** Look through a checkpoint's file: its pages and indexes, and the sum of every text in it. */
export function checkStore(path: string): StoreCheck {
  const findings: string[] = [];
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    for (const what of look(db)) if (findings.push(what) === findingsMax) break;
  } catch (error) {
    if (inUse.has(codeOf(error))) return { isInUse: true, findings };
    if (!isDamage(error)) throw error;
    findings.push((error as Error).message);
  } finally {
    db?.close();
  }
  return { isInUse: false, findings };
}

function* look(db: DatabaseSync): Iterable<string> {
  for (const row of db.prepare(`PRAGMA integrity_check(${findingsMax})`).iterate()) {
    const said = String(Object.values(row)[0]);
    if (said !== "ok") yield said.replaceAll(/\s+/g, " ");
  }
  for (const { uid, state, card } of db.prepare("SELECT uid, state, card FROM bead").iterate()) {
    for (const sealed of [state, card]) {
      if (typeof sealed !== "string" || unseal(sealed) !== undefined) continue;
      yield `what is kept of the bead ${uid} is not what was put`;
    }
  }
  const events = "SELECT writer, seq, hash, line FROM event WHERE line IS NOT NULL";
  for (const { writer, seq, hash, line } of db.prepare(events).iterate()) {
    if (hashLine(String(line)) !== hash) yield `the event ${writer}:${seq} is not what was put`;
  }
}
