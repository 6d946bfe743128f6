import { expect, test } from "vitest";
import { type PolecatLimits, reconcile, type SessionView, type Work } from "./reconcile.ts";

const limits: PolecatLimits = { polecatsMax: 2, respawnsMax: 3, leaveGraceMs: 60_000 };

type Claim = NonNullable<Work["claim"]>;

const claim: Claim = {
  epoch: "4.2",
  polecat: "rigs/alpha/polecats/nux",
  here: true,
  released: false,
  respawn: undefined,
  progress: undefined,
  exit: undefined,
  handOff: false,
  restart: undefined,
};

function work(change: Partial<Omit<Work, "claim">> & { claim?: Partial<Claim> | null } = {}): Work {
  const { claim: changed, ...rest } = change;
  return {
    bead: "al-1",
    closeKind: "",
    deleted: false,
    refusal: undefined,
    hasTrace: true,
    overMs: 0,
    ...rest,
    claim: changed === null ? undefined : { ...claim, ...changed },
  };
}

function session(epoch: string, change: Partial<SessionView> = {}): SessionView {
  const name = `nux-${epoch}`;
  return { name, bead: "al-1", epoch, state: "running", alive: true, watched: true, ...change };
}

const dead = { alive: false } as const;
const started = { claim: { respawn: 0 } } as const;

test.for<[string, Work, SessionView[], unknown[]]>([
  ["a fresh claim is spawned", work(), [], [{ do: "spawn", bead: "al-1", epoch: "4.2.0" }]],
  ["a claim elsewhere is not ours", work({ claim: { here: false } }), [], []],
  [
    "an interrupted start goes on",
    work(started),
    [session("4.2.0", { state: "starting", ...dead })],
    [{ do: "spawn", bead: "al-1", epoch: "4.2.0" }],
  ],
  ["a live worker is left alone", work(started), [session("4.2.0")], []],
  [
    "one that a former process started is adopted",
    work(started),
    [session("4.2.0", { watched: false })],
    [{ do: "adopt", bead: "al-1", session: "nux-4.2.0" }],
  ],
  [
    "a dead one is started again in its worktree",
    work(started),
    [session("4.2.0", dead)],
    [{ do: "respawn", bead: "al-1", epoch: "4.2.1", after: "nux-4.2.0" }],
  ],
  [
    "a home that lost its records does not repeat an incarnation",
    work({ claim: { respawn: 1 } }),
    [],
    [{ do: "spawn", bead: "al-1", epoch: "4.2.2" }],
  ],
  [
    "a crash loop ends",
    work({ claim: { respawn: 3 } }),
    [session("4.2.3", dead)],
    [
      {
        do: "escalate",
        bead: "al-1",
        epoch: "4.2.3",
        why: "its worker ended 4 times without a step and without an exit",
      },
    ],
  ],
  [
    "one that got a step further since is no crash loop",
    work({ claim: { respawn: 3, progress: 2 } }),
    [session("4.2.3", dead)],
    [{ do: "respawn", bead: "al-1", epoch: "4.2.4", after: "nux-4.2.3" }],
  ],
  [
    "one that has said its exit is not started again",
    work({ claim: { respawn: 0, exit: "COMPLETED" } }),
    [session("4.2.0", dead)],
    [{ do: "cleanup", bead: "al-1", session: "nux-4.2.0", freed: false }],
  ],
  [
    "what was kept is kept while the claim stands",
    work({ claim: { respawn: 0, exit: "COMPLETED" } }),
    [session("4.2.0", { state: "ended", ...dead })],
    [],
  ],
  [
    "a higher claim ends it, wherever that is",
    work({ claim: { epoch: "5.1", here: false } }),
    [session("4.2.0")],
    [{ do: "end", bead: "al-1", session: "nux-4.2.0", why: "epoch 5.1 took its place" }],
  ],
  [
    "a release ends it",
    work({ claim: { respawn: 0, released: true } }),
    [session("4.2.0")],
    [{ do: "end", bead: "al-1", session: "nux-4.2.0", why: "epoch 4.2 was released" }],
  ],
  [
    "a worker that leaves by itself has a while for it",
    work({ claim: { respawn: 0, released: true, exit: "BLOCKED" }, overMs: 59_999 }),
    [session("4.2.0")],
    [],
  ],
  [
    "but not for ever",
    work({ claim: { respawn: 0, released: true, exit: "BLOCKED" }, overMs: 60_000 }),
    [session("4.2.0")],
    [{ do: "end", bead: "al-1", session: "nux-4.2.0", why: "epoch 4.2 was released" }],
  ],
  ["landed while it still leaves", work({ closeKind: "merged" }), [session("4.2.0")], []],
  [
    "a close by someone else ends it at once",
    work({ ...started, closeKind: "done" }),
    [session("4.2.0")],
    [{ do: "end", bead: "al-1", session: "nux-4.2.0", why: "the bead was closed as done" }],
  ],
  [
    "after landing the worktree goes",
    work({ closeKind: "merged" }),
    [session("4.2.0", { state: "ended", ...dead })],
    [{ do: "cleanup", bead: "al-1", session: "nux-4.2.0", freed: true }],
  ],
  [
    "then the molecule becomes a digest",
    work({ closeKind: "merged" }),
    [],
    [{ do: "squash", bead: "al-1" }],
  ],
  ["once", work({ closeKind: "merged", hasTrace: false }), [], []],
  [
    "somebody else's landing is theirs",
    work({ closeKind: "merged", claim: { here: false } }),
    [],
    [],
  ],
  ["a claim that is not seen proves nothing", work({ claim: null }), [session("4.2.0")], []],
  ["nor does an older one", work({ claim: { epoch: "4.1" } }), [session("4.2.0")], []],
  [
    "nor does it start anything anew where a session died",
    work({ claim: null }),
    [session("4.2.0", dead)],
    [],
  ],
  [
    "a former incarnation is ended, then forgotten",
    work({ claim: { respawn: 1 } }),
    [session("4.2.0"), session("4.2.1")],
    [{ do: "end", bead: "al-1", session: "nux-4.2.0", why: "nux-4.2.1 took its place" }],
  ],
  [
    "without touching the worktree",
    work({ claim: { respawn: 1 } }),
    [session("4.2.0", dead), session("4.2.1")],
    [{ do: "forget", bead: "al-1", session: "nux-4.2.0" }],
  ],
  [
    "a rig that is not served is declined",
    work({ refusal: "vm-a does not serve beta" }),
    [],
    [{ do: "decline", bead: "al-1", epoch: "4.2.0", why: "vm-a does not serve beta" }],
  ],
  [
    "what another machine shall go on with is handed off",
    work({ claim: { respawn: 0, handOff: true } }),
    [session("4.2.0", { watched: false })],
    [{ do: "hand-off", bead: "al-1", epoch: "4.2" }],
  ],
  [
    "before its worker has started too",
    work({ claim: { handOff: true } }),
    [],
    [{ do: "hand-off", bead: "al-1", epoch: "4.2" }],
  ],
  [
    "and while it starts",
    work({ claim: { handOff: true } }),
    [session("4.2.0", { state: "starting", ...dead })],
    [{ do: "hand-off", bead: "al-1", epoch: "4.2" }],
  ],
  [
    "where its processes are over already",
    work({ claim: { respawn: 0, handOff: true } }),
    [session("4.2.0", { state: "ended", ...dead })],
    [{ do: "hand-off", bead: "al-1", epoch: "4.2" }],
  ],
  [
    "but not what has said its exit",
    work({ claim: { respawn: 0, handOff: true, exit: "COMPLETED" } }),
    [session("4.2.0")],
    [],
  ],
  ["nor another machine's", work({ claim: { here: false, handOff: true } }), [], []],
  [
    "one that asked for a fresh session hears the answer first",
    work({ claim: { respawn: 0, restart: { respawn: 0, sinceMs: 999 } } }),
    [session("4.2.0")],
    [],
  ],
  [
    "then it is ended",
    work({ claim: { respawn: 0, restart: { respawn: 0, sinceMs: 1_000 } } }),
    [session("4.2.0")],
    [
      {
        do: "end",
        bead: "al-1",
        session: "nux-4.2.0",
        why: "its worker asked for a fresh session",
      },
    ],
  ],
  [
    "and goes on as the next incarnation, which is left alone",
    work({ claim: { respawn: 1, restart: { respawn: 0, sinceMs: 5_000 } } }),
    [session("4.2.1")],
    [],
  ],
  [
    "asking for one is no crash",
    work({ claim: { respawn: 3, restart: { respawn: 3, sinceMs: 5_000 } } }),
    [session("4.2.3", dead)],
    [{ do: "respawn", bead: "al-1", epoch: "4.2.4", after: "nux-4.2.3" }],
  ],
  [
    "but asking for one again and again without a step is one",
    work({ claim: { respawn: 19, restart: { respawn: 19, sinceMs: 5_000 } } }),
    [session("4.2.19", dead)],
    [
      {
        do: "escalate",
        bead: "al-1",
        epoch: "4.2.19",
        why: "its worker ended 20 times without a step and without an exit",
      },
    ],
  ],
  [
    "a re-claim here: the old session makes room, the new one starts",
    work({ claim: { epoch: "4.3" } }),
    [session("4.2.0", dead)],
    [
      { do: "cleanup", bead: "al-1", session: "nux-4.2.0", freed: true },
      { do: "spawn", bead: "al-1", epoch: "4.3.0" },
    ],
  ],
])("%s", ([, one, sessions, expected]) => {
  expect(reconcile([one], sessions, limits)).toEqual(expected);
});

test("a worker that is started again keeps its place, whoever is asked first", () => {
  const works = [work({ bead: "b" }), work({ bead: "a", claim: { respawn: 0 } })];
  const sessions = [session("1.1.0", { bead: "z" }), session("4.2.0", { bead: "a", ...dead })];
  const actions = reconcile(works, sessions, limits);
  expect(actions.map((action) => action.do)).toEqual(["wait", "respawn"]);
});

test("more claims than places wait, with a word", () => {
  const works = ["a", "b", "c"].map((bead) => work({ bead }));
  const actions = reconcile(works, [session("1.1.0", { bead: "z" })], limits);
  expect(actions.map((action) => action.do)).toEqual(["spawn", "wait", "wait"]);
  expect(actions[1]).toMatchObject({ why: "all 2 places for polecats are taken" });
});
