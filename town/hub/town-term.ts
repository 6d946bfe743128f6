import { trackingRef } from "#services/git/fetch-remote.ts";
import { cliGit, type Git } from "#services/git/git.ts";
import {
  linkCommit,
  readFetchedTerm,
  type Term,
  type TermPlace,
  takeNextTerm,
} from "#services/git/term-chain.ts";
import type { Fence, FenceLink } from "#services/ledger/fence.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";

/** The ref of the ledger's remote that says which town writes `main`. */
export const townRef = "refs/gastown/town";

/** Whether this town writes `main`. */
export type Standing =
  | { readonly kind: "new" }
  | { readonly kind: "chain"; readonly term: number; readonly tip: string }
  /** The remote cannot move two refs at once: `main` itself carries the term. */
  | { readonly kind: "main"; readonly term: number; readonly isTaken: boolean }
  | { readonly kind: "fenced"; readonly by: Term };

/** The town's term: taken by each start before its first push, moved with each push of `main`. */
export type TownTerm = Fence & {
  readonly standing: () => Standing;
  readonly isFenced: () => boolean;
  /** Look whether the last fetch brought another's term; an idle town learns of it so. */
  readonly look: () => Promise<void>;
};

/** A standing in words, for whoever asks how the town is. */
export function describeStanding(standing: Standing): { ok: boolean; detail: string } {
  switch (standing.kind) {
    case "new":
      return { ok: true, detail: "nothing has been pushed since this start" };
    case "chain":
      return { ok: true, detail: `written by this town, term ${standing.term}` };
    case "main":
      return {
        ok: true,
        detail:
          `written by this town, term ${standing.term}, which main itself carries: the remote ` +
          `cannot move ${townRef} together with it`,
      };
    case "fenced":
      return { ok: false, detail: fencedWords(standing.by) };
  }
}

function fencedWords({ term, holder = "unknown" }: Term): string {
  return (
    `another town (${holder}) has taken term ${term} of this ledger: this one writes main no ` +
    "more, places nothing and takes no changes; started again, it takes over"
  );
}

/** What a town's term is made with. */
export type TownTermPorts = {
  /** Our bare clone of the ledger. */
  readonly dir: string;
  /** This start of the town: its incarnation. */
  readonly holder: string;
  /** Another town has taken over; said once. */
  readonly onFenced: (why: string) => void;
  /** The remote cannot hold a term beside `main`; said once. */
  readonly onPlain: (why: string) => void;
  readonly timeoutMs?: number;
  /** The real one by default. */
  readonly git?: Git | undefined;
};

/** The newest commits of ours on `main` that are looked through for the highest term. */
const commitsRead = 50;

/** Open the term of this start. Nothing is asked of the remote before the first push. */
export function openTownTerm(ports: TownTermPorts): TownTerm {
  return new Terms(ports);
}

class Terms implements TownTerm {
  readonly #ports: TownTermPorts;
  readonly #git: Git;
  #standing: Standing = { kind: "new" };
  #sent = "";
  /** Our own last push of `main`: who stands on it need not ask whose it is. */
  #main: string | undefined = "";

  constructor(ports: TownTermPorts) {
    this.#ports = ports;
    this.#git = ports.git ?? cliGit;
  }

  readonly standing = (): Standing => this.#standing;
  readonly isFenced = (): boolean => this.#standing.kind === "fenced";

  async look(): Promise<void> {
    const standing = this.#standing;
    if (standing.kind !== "chain") return;
    const now = await readFetchedTerm(this.#chain());
    // Our own term may have moved on meanwhile.
    if (this.#standing.kind === "chain" && now.term > this.#standing.term) this.#fence(now);
  }

  async trailers(base: string | undefined, signal: AbortSignal): Promise<Record<string, string>> {
    const { holder } = this.#ports;
    if (this.#standing.kind === "new") await this.#take(signal);
    if (base !== this.#main) await this.#readMain(base);
    const standing = this.#standing;
    if (standing.kind === "new" || standing.kind === "fenced") return {};
    return { "Gastown-Term": String(standing.term), "Gastown-Holder": holder };
  }

  async link(commit: string, _signal: AbortSignal): Promise<FenceLink | undefined> {
    const standing = this.#standing;
    this.#sent = commit;
    if (standing.kind !== "chain") return undefined;
    const { dir, holder } = this.#ports;
    const title = `Main of term ${standing.term}`;
    const trailers = {
      "Gastown-Term": String(standing.term),
      "Gastown-Holder": holder,
      "Gastown-Commit": commit,
    };
    const parent = standing.tip;
    const to = await linkCommit({ repoDir: dir, parent, title, trailers, git: this.#git });
    return { ref: townRef, from: standing.tip, to };
  }

  pushed(link: FenceLink | undefined): void {
    const standing = this.#standing;
    this.#main = this.#sent;
    if (standing.kind === "chain" && link) this.#standing = { ...standing, tip: link.to };
    if (standing.kind === "main") this.#standing = { ...standing, isTaken: true };
  }

  async refused(error: TownError, signal: AbortSignal): Promise<boolean> {
    const standing = this.#standing;
    if (isTownError(error, "denied")) return this.#plain(error);
    if (standing.kind !== "chain") return true;
    const { dir } = this.#ports;
    const now = await readFetchedTerm(this.#chain());
    if (now.term > standing.term) this.#fence(now);
    else if (now.tip !== undefined && (await this.#git.isReachable(dir, standing.tip, now.tip))) {
      // Our own push arrived and its answer did not; or only `main` was moved, by a person.
      if (now.term === standing.term) this.#standing = { ...standing, tip: now.tip };
    } else {
      // The chain went back with the remote. Whoever else holds a term of it finds itself fenced.
      await this.#take(signal);
    }
    return true;
  }

  async #take(signal: AbortSignal): Promise<void> {
    const { dir, holder, timeoutMs } = this.#ports;
    const place: TermPlace = { ...this.#chain(), about: "town", signal, timeoutMs };
    const standing = this.#standing;
    const held = standing.kind === "chain" ? standing.term : 0;
    // What this clone saw of it before, so that a restored remote does not give a term out twice.
    const chain = await readFetchedTerm(place);
    const main = await this.#others(await this.#git.readRef(dir, trackingRef("refs/heads/main")));
    const seenTerm = Math.max(held, chain.term, main.term);
    try {
      const { term, tip } = await takeNextTerm({ ...place, holder, seenTerm, establish: true });
      this.#standing = { kind: "chain", term, tip };
    } catch (error) {
      if (!isTownError(error, "denied", "invalid") || !this.#plain(error)) throw error;
    }
  }

  /** Go on with `main` alone. False where that is what was refused. */
  #plain(error: TownError): boolean {
    const { kind } = this.#standing;
    const isRef = kind === "new" && /rejected\]/.test(error.message);
    const isPair = kind === "chain" && /atomic/.test(error.message);
    if (!isRef && !isPair) return false;
    this.#standing = { kind: "main", term: 0, isTaken: false };
    this.#ports.onPlain(
      "the ledger remote does not let refs/gastown/town move together with main " +
        `(${error.message}); the town's term is kept in the commits of main instead`,
    );
    return true;
  }

  /** What we stand on says, too, who writes `main`: where a remote cannot do more, it alone. */
  async #readMain(base: string | undefined): Promise<void> {
    const standing = this.#standing;
    if (standing.kind !== "main" && standing.kind !== "chain") return;
    const others = await this.#others(base);
    const isTaken = standing.kind === "chain" || standing.isTaken;
    if (isTaken && others.term > standing.term) {
      this.#fence(others);
      throw new TownError("stale", `term ${others.term} of main is held by ${others.holder}`);
    }
    if (!isTaken) this.#standing = { ...standing, term: others.term + 1 };
  }

  /** The highest term of anybody else, in the commits of `main` and in the chain. */
  async #others(base: string | undefined): Promise<Term> {
    const { dir, holder } = this.#ports;
    let newest: Term = await readFetchedTerm(this.#chain());
    if (newest.holder === holder) newest = { term: 0, holder: undefined };
    if (base === undefined) return newest;
    const which = { max: commitsRead, isFirstParent: false, trailers: ["Gastown-Term"] };
    for (const { trailers } of await this.#git.log({ repoDir: dir, tip: base, ...which })) {
      const { "Gastown-Term": term = "0", "Gastown-Holder": by } = trailers;
      if (by !== holder && Number(term) > newest.term) newest = { term: Number(term), holder: by };
    }
    return newest;
  }

  #chain() {
    return { repoDir: this.#ports.dir, ref: townRef, git: this.#git };
  }

  #fence(by: Term): void {
    this.#standing = { kind: "fenced", by };
    this.#ports.onFenced(fencedWords(by));
  }
}
