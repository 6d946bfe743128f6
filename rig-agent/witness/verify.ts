import type { ExitKind } from "#services/ledger/work-fields.ts";

/** What a worker that asks for its shutdown leaves behind. */
export type Remains = {
  /** How it left under this claim; undefined where the claim was taken from it. */
  readonly exit: ExitKind | undefined;
  /** Whether its claim is over: landed, released, or overtaken. */
  readonly isOver: boolean;
  /** The commit of its merge request; undefined where there is no request. */
  readonly requested: string | undefined;
  /** What its worktree holds; undefined where that is gone already. */
  readonly tree:
    | {
        readonly head: string;
        readonly dirty: readonly string[];
        /** Where its branch is on the remote. */
        readonly pushed: string | undefined;
      }
    | undefined;
};

/** What is to be done with it. */
export type Finding =
  | { readonly do: "retire" }
  | { readonly do: "keep"; readonly why: string }
  | { readonly do: "escalate"; readonly why: string };

/**
 * Whether anything would be lost by ending a worker and removing its worktree.
 *
 * Once the claim is over a checkpoint is enough, and one is pushed in any case. While it stands,
 * the worktree goes only if the branch on the remote has all of it, and the merge request too.
 */
export function verify({ exit, isOver, requested, tree }: Remains): Finding {
  if (isOver) return { do: "retire" };
  if (exit === "COMPLETED" && requested === undefined) {
    return { do: "escalate", why: "it left as COMPLETED, and there is no merge request of its" };
  }
  if (!tree) return { do: "retire" };
  const { head, dirty, pushed } = tree;
  if (dirty.length > 0) {
    const shown = dirty.slice(0, 5).join(", ") + (dirty.length > 5 ? ", …" : "");
    return { do: "keep", why: `${dirty.length} uncommitted changes (${shown})` };
  }
  if (exit === "COMPLETED" && head !== requested) {
    const [at, asked] = [head.slice(0, 12), requested?.slice(0, 12)];
    return { do: "keep", why: `it stands at ${at}, and what it submitted is ${asked}` };
  }
  if (pushed !== head) {
    const at = pushed === undefined ? "not there" : `at ${pushed.slice(0, 12)}`;
    return { do: "keep", why: `it stands at ${head.slice(0, 12)}; its pushed branch is ${at}` };
  }
  return { do: "retire" };
}
