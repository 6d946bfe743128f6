import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { runGit } from "#services/git/run-git.ts";
import type { BeadState } from "#services/ledger/bead-state.ts";
import { stampTime } from "#services/ledger/clock.ts";
import type { NewFile } from "#services/ledger/fast-import.ts";
import type { Change, Ledger } from "#services/ledger/ledger.ts";
import { belowActive, endOf, monthOf } from "#services/ledger/lower-tiers.ts";
import { blobId } from "#services/ledger/outgoing.ts";
import { toViewLine } from "#services/ledger/view-line.ts";

/** Where on `main` the beads below the active tier stand, a compressed file for each month. */
export const archiveDir = ".beads/archive";
const suffix = ".jsonl.gz";
/** Each commit stores a month's file whole again, so it is written at most this often. */
export const archiveMs = 24 * 3_600_000;

/** What the archive on `main` needs. */
export type ArchivePorts = {
  readonly ledger: Pick<Ledger, "world" | "onChange" | "note" | "noted">;
  /** Our bare clone of the ledger. */
  readonly dir: string;
  readonly nowMs: () => number;
  readonly report?: (error: unknown) => void;
};

/** The archive's files as they are to be; nobody reads them back. */
export type Archive = {
  /** What a commit has otherwise than it is to be. What is due and not made is made meanwhile. */
  readonly files: (base: string | undefined, signal: AbortSignal) => Promise<readonly NewFile[]>;
  /** Those that were given out last are at the remote. */
  readonly pushed: () => void;
  /** What stands on `main` is not known any more: look at all of it again. */
  readonly lost: () => void;
  /** Resolves when nothing is being made. */
  readonly idle: () => Promise<void>;
};

type Due = Set<string> | "all";
type MonthFile = { readonly path: string; readonly bytes: Uint8Array; readonly count: number };

const noteName = "archive";
/** So many months are held in memory at once. */
const monthsMax = 3;
const turn = 1_000;
const gzipped = promisify(gzip);

/** Follow what goes down and comes up: each month in which such a bead ended is written again. */
export function openArchive(ports: ArchivePorts): Archive {
  return new MonthFiles(ports);
}

class MonthFiles implements Archive {
  readonly #ports: ArchivePorts;
  #due: Due;
  #writtenMs: number;
  /** Months of the round that goes on: those not made yet. */
  #queue: Due = new Set();
  #ready: readonly MonthFile[] = [];
  #making: Promise<void> | undefined;

  constructor(ports: ArchivePorts) {
    this.#ports = ports;
    const { ledger } = ports;
    const { due, writtenMs } = readNote(ledger.noted(noteName));
    [this.#due, this.#writtenMs] = [due, writtenMs];
    ledger.onChange((change) => {
      this.#mark(monthsTouched(change, ledger.world.state(change.event.bead)));
    });
  }

  readonly files = async (base: string | undefined, signal: AbortSignal) => {
    if (this.#ready.length > 0) {
      const files = await otherThan(this.#ports.dir, base, this.#ready);
      if (files.length > 0) return files;
      this.pushed();
    }
    if (this.#isTime() && !this.#making && !signal.aborted) {
      this.#making = this.#make(signal)
        .catch((error: unknown) => {
          if (!signal.aborted) this.#ports.report?.(error);
        })
        .finally(() => {
          this.#making = undefined;
        });
    }
    return [];
  };

  readonly pushed = (): void => {
    this.#ready = [];
    if (!isSome(this.#queue)) this.#writtenMs = this.#ports.nowMs();
    this.#keep();
  };

  readonly lost = (): void => {
    [this.#due, this.#writtenMs] = ["all", Number.NEGATIVE_INFINITY];
    this.#keep();
  };

  readonly idle = async (): Promise<void> => {
    await this.#making;
  };

  #isTime(): boolean {
    if (isSome(this.#queue)) return true;
    return isSome(this.#due) && this.#ports.nowMs() - this.#writtenMs >= archiveMs;
  }

  #mark(months: readonly string[]): void {
    const due = this.#due;
    if (due === "all" || months.every((month) => due.has(month))) return;
    for (const month of months) due.add(month);
    this.#keep();
  }

  /** What is to be done, for a process that comes after this one. */
  #keep(): void {
    const made = this.#ready.map(({ path }) => path.slice(archiveDir.length + 1, -suffix.length));
    const [due, queue] = [this.#due, this.#queue];
    const all =
      due === "all" || queue === "all" ? "all" : [...new Set([...due, ...queue, ...made])];
    const note = JSON.stringify({ due: all, writtenMs: this.#writtenMs });
    this.#ports.ledger.note(noteName, note);
  }

  async #make(signal: AbortSignal): Promise<void> {
    const { ledger } = this.#ports;
    // From here on what changes is of the next round.
    if (!isSome(this.#queue)) [this.#queue, this.#due] = [this.#due, new Set()];
    if (this.#queue === "all") this.#queue = await monthsBelow(ledger, signal);
    const months = [...this.#queue].sort();
    const some = months.slice(0, monthsMax);
    this.#ready = some.length === 0 ? [] : await renderMonths(ledger, some, signal);
    this.#queue = new Set(months.slice(monthsMax));
    this.#keep();
  }
}

function isSome(due: Due): boolean {
  return due === "all" || due.size > 0;
}

/** Of these files those that a commit has not so; an empty one only where it has another. */
async function otherThan(
  dir: string,
  base: string | undefined,
  files: readonly MonthFile[],
): Promise<NewFile[]> {
  const args = ["ls-tree", "-z", base ?? "", "--", `${archiveDir}/`];
  const rows = base === undefined ? "" : (await runGit(args, { cwd: dir })).stdout;
  const held = new Map(
    rows.split("\0").map((row) => {
      const [meta = "", path = ""] = row.split("\t");
      return [path, meta.split(" ")[2] ?? ""];
    }),
  );
  return files.flatMap(({ path, bytes, count }) => {
    const oid = held.get(path);
    if (oid === undefined) return count === 0 ? [] : [{ path, bytes }];
    return blobId(bytes, oid) === oid ? [] : [{ path, bytes }];
  });
}

function readNote(text: string | undefined): { due: Due; writtenMs: number } {
  if (text === undefined) return { due: "all", writtenMs: Number.NEGATIVE_INFINITY };
  const { due, writtenMs } = JSON.parse(text) as {
    due: string[] | "all";
    writtenMs: number | null;
  };
  // JSON has no infinity.
  return {
    due: due === "all" ? due : new Set(due),
    writtenMs: writtenMs ?? Number.NEGATIVE_INFINITY,
  };
}

/** The months whose files an event may change: only those of a bead that was moved at some time. */
function monthsTouched({ event }: Change, state: BeadState | undefined): string[] {
  if (!state) return [];
  const deletes = [...state.deletes.values()];
  const wasMoved = state.tier !== undefined || deletes.some(({ digest }) => digest !== undefined);
  if (!wasMoved && event.op !== "tier") return [];
  const written = state.fields.get("deleted_at")?.value;
  const ends = [
    ...[...state.closes.values()].map(({ closedAt, stamp }) => closedAt ?? stampTime(stamp)),
    ...deletes.map(({ stamp }) => stampTime(stamp)),
    ...(typeof written === "string" ? [written] : []),
  ];
  return ends.map(monthOf);
}

type Ends = { readonly world: Ledger["world"] };

async function monthsBelow({ world }: Ends, signal: AbortSignal): Promise<Set<string>> {
  const months = new Set<string>();
  let walked = 0;
  for (const bead of belowActive(world)) {
    months.add(monthOf(endOf(bead, world) ?? ""));
    walked += 1;
    if (walked % turn === 0) await nextTurn(undefined, { signal });
  }
  return months;
}

/** The files of some months, by the beads that are below the active tier now. */
export async function renderMonths(
  { world }: Ends,
  months: readonly string[],
  signal: AbortSignal,
): Promise<MonthFile[]> {
  const lines = new Map(months.map((month) => [month, [] as [id: string, line: string][]]));
  let walked = 0;
  for (const bead of belowActive(world)) {
    const month = lines.get(monthOf(endOf(bead, world) ?? ""));
    month?.push([bead.id, toViewLine(bead, world)]);
    walked += 1;
    if (walked % turn === 0) await nextTurn(undefined, { signal });
  }
  const files: MonthFile[] = [];
  for (const [month, found] of lines) {
    found.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
    const text = found.map(([, line]) => `${line}\n`).join("");
    const path = `${archiveDir}/${month}${suffix}`;
    files.push({ path, bytes: await compressed(text), count: found.length });
  }
  return files;
}

/** Equal texts are equal bytes: without a time, and without the system it was made on. */
async function compressed(text: string): Promise<Uint8Array> {
  const bytes = await gzipped(Buffer.from(text, "utf8"), { level: 9 });
  bytes[systemByte] = 255;
  return bytes;
}

/** @see RFC 1952, section 2.3: the modification time is four bytes before, and 0 in Node's. */
const systemByte = 9;
