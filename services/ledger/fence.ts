import type { Trailers } from "#services/git/trailers.ts";
import type { TownError } from "#services/rpc/town-error.ts";

/** The next commit of a ref that moves together with our branch, or neither does. */
export type FenceLink = { readonly ref: string; readonly from: string; readonly to: string };

/** What a push of our branch depends on beside the branch itself: the town's term. */
export type Fence = {
  /**
   * What the commit on top of `base` says of it. Throws `stale` where another took over, which
   * `refused` is then told of.
   */
  readonly trailers: (base: string | undefined, signal: AbortSignal) => Promise<Trailers>;
  /** The link for a push of `commit`; undefined where nothing beside the branch is to move. */
  readonly link: (commit: string, signal: AbortSignal) => Promise<FenceLink | undefined>;
  /** The remote said yes. */
  readonly pushed: (link: FenceLink | undefined) => void;
  /** The remote said no; what it has was fetched since. Resolves to whether to try again. */
  readonly refused: (error: TownError, signal: AbortSignal) => Promise<boolean>;
};
