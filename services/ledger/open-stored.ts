import { Journal, type JournalOptions } from "./journal.ts";
import type { LedgerOptions } from "./ledger.ts";
import type { Recovery } from "./recover.ts";
import { lostSegments, restoreSegments } from "./restore-journal.ts";
import { Store } from "./store/store.ts";
import { DamagedStore } from "./store/store-error.ts";

/**
 * Open what a ledger is made of, on its checkpoint if it has one. A checkpoint that shows a damage
 * as it is loaded is put aside, and all is read from the events instead.
 */
export async function openStored<T>(
  { store: path, machine }: Pick<LedgerOptions, "store" | "machine">,
  open: (store: Store | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined) return open(undefined);
  try {
    return await openOn(new Store(path, machine), open);
  } catch (error) {
    if (!(error instanceof DamagedStore)) throw error;
    return openOn(new Store(path, machine, `damaged (${error.what})`), open);
  }
}

async function openOn<T>(store: Store, open: (store: Store) => Promise<T>): Promise<T> {
  try {
    return await open(store);
  } catch (error) {
    store.close();
    throw error;
  }
}

/** A journal with all that the checkpoint knows to have been in it. */
export async function openJournal(
  options: JournalOptions,
  store: Store | undefined,
): Promise<{ journal: Journal; recovery: Recovery; restored: readonly string[] }> {
  if (!store) return { ...(await Journal.open(options)), restored: [] };
  const folded = store.segments();
  const first = await Journal.open({ ...options, folded });
  const lost = lostSegments(first.recovery.segments, folded);
  if (lost.size === 0) return { ...first, restored: [] };
  const { disk, dir } = options;
  const linesOf = (incarnation: string) => store.events.linesOf(incarnation);
  const restored = await restoreSegments(disk, dir, { lost, folded }, linesOf);
  const { journal, recovery } = await Journal.open({ ...options, folded });
  const torn = [...first.recovery.torn, ...recovery.torn];
  return { journal, recovery: { ...recovery, torn }, restored };
}
