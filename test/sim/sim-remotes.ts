import type { RemoteOp } from "#services/git/memory/faults.ts";
import { isWithin } from "#services/git/memory/history.ts";
import type { MemoryRemote } from "#services/git/memory/remote.ts";
import type { Code } from "../invariants/record.ts";
import type { Recorder } from "../invariants/recorder.ts";
import { RemoteGate, type Trap } from "./remote-network.ts";
import { holds, testGate } from "./sim-gates.ts";
import { tellMoves, type WatchedRemote, watchRemote } from "./watch-refs.ts";
import { codeUrl, type World } from "./world.ts";

/** Told of an operation that a remote has done; true once it is not interested any more. */
type RemoteListener = (op: RemoteOp, who: string) => boolean;

/** The remotes of a simulated town: what may be done to them, and what is seen of them. */
export class SimRemotes {
  /** What each rig's code is judged by. */
  readonly code: Readonly<Record<string, Code>>;
  readonly #world: World;
  readonly #gates = new Map<string, RemoteGate>();
  readonly #watched: readonly WatchedRemote[];

  constructor(world: World) {
    this.#world = world;
    const { timeline, random, network } = world;
    const watched: WatchedRemote[] = [];
    const code: Record<string, Code> = {};
    for (const [url, remote] of world.remotes) {
      this.#gates.set(url, new RemoteGate(timeline, network, random.split(url), remote));
      const rig = world.rigNames.find((name) => codeUrl(name) === url);
      const isGood = rig && ((commit: { tree: Parameters<typeof holds>[0] }) => holds(commit.tree));
      const seen = watchRemote(rig ?? "ledger", remote, isGood || undefined);
      watched.push(seen);
      if (rig) code[rig] = codeOf(seen);
    }
    this.#watched = watched;
    this.code = code;
  }

  at(url: string): MemoryRemote {
    const remote = this.#world.remotes.get(url);
    if (!remote) throw new Error(`there is no remote ${url}`);
    return remote;
  }

  /** Take down what they did since it was asked last. */
  tell(recorder: Recorder): void {
    for (const each of this.#watched) tellMoves(recorder, each);
  }

  trap(url: string, trap: Trap): () => void {
    return this.gate(url).trap(trap);
  }

  /** Listen to what a remote does, until the listener has had enough. */
  onDone(url: string, listener: RemoteListener): () => void {
    const { done } = this.gate(url);
    const each = (op: RemoteOp, who: string) => {
      if (listener(op, who)) done.delete(each);
    };
    done.add(each);
    return () => done.delete(each);
  }

  /** Move a target back by one landing. */
  rewindTarget(rig: string): boolean {
    const remote = this.at(codeUrl(rig));
    const parent = remote.commit("main")?.parents[0];
    if (!parent) return false;
    remote.setRef("refs/heads/main", parent.id);
    return true;
  }

  gate(url: string): RemoteGate {
    const gate = this.#gates.get(url);
    if (!gate) throw new Error(`there is no remote ${url}`);
    return gate;
  }
}

function codeOf({ known, remote }: WatchedRemote): Code {
  const commit = (id: string) => known.get(id);
  return {
    target: "main",
    gates: [testGate.name],
    start: remote.ref("main") ?? "",
    contains: (tip, id) => {
      const [of, one] = [commit(tip), commit(id)];
      return of !== undefined && one !== undefined && isWithin(one, [of]);
    },
  };
}
