import type { Random } from "./random.ts";

/** How a worker goes about a bead, whichever worker it is. */
export type Manner =
  | "plain"
  /** The first attempt fails its gate. */
  | "broken-first"
  /** Every worker dies of it. */
  | "poison"
  /** The first worker dies of it. */
  | "crash-once"
  /** It changes files and never commits them. */
  | "uncommitted"
  /** It prints without end. */
  | "flood"
  /** It takes minutes for its last calls. */
  | "late"
  /** A test of it fails now and then. */
  | "flaky"
  /** It needs a human's judgement. */
  | "escalate";

/** What a bead changes. */
export type Change =
  | { readonly kind: "own" }
  /** Others change the same file. */
  | { readonly kind: "shared"; readonly path: string }
  /** Fails its gate together with the other one of the pair, unless that is known. */
  | { readonly kind: "pair"; readonly pair: string; readonly side: "a" | "b" };

/** One bead of a run. */
export type Task = {
  /** Its title, by which its worker knows what it is. */
  readonly key: string;
  readonly rig: string;
  readonly priority: number;
  /** Keys of what must have landed before; all of them stand earlier in the list. */
  readonly needs: readonly string[];
  /** The key of the epic that it belongs to. */
  readonly epic: string | undefined;
  readonly manner: Manner;
  readonly change: Change;
  /** How long a step takes, ms. */
  readonly stepMinMs: number;
  readonly stepMaxMs: number;
  /** When it is filed, ms after the work begins. */
  readonly filedMs: number;
};

/** All work of a run. */
export type Work = {
  readonly tasks: readonly Task[];
  /** Epics, with the rig whose prefix they bear. */
  readonly epics: readonly { readonly key: string; readonly rig: string }[];
};

/** How likely what is; of a hundred. What is left is plain. */
const manners: readonly (readonly [Manner, number])[] = [
  ["broken-first", 5],
  ["poison", 1],
  ["crash-once", 4],
  ["uncommitted", 1],
  ["flood", 2],
  ["late", 3],
  ["flaky", 2],
  ["escalate", 2],
];

/** Make up the work of a run. */
export function makeWork(
  random: Random,
  size: { readonly beads: number; readonly rigs: readonly string[] },
): Work {
  const epics = size.rigs.flatMap((rig) =>
    random.percent(60) ? [{ key: `epic of ${rig}`, rig }] : [],
  );
  const tasks: Task[] = [];
  for (let at = 0; at < size.beads; at += 1) {
    tasks.push(makeTask(random.split(`task ${at}`), at, { ...size, epics, before: tasks }));
  }
  return { epics, tasks };
}

type Around = {
  readonly rigs: readonly string[];
  readonly epics: Work["epics"];
  readonly before: readonly Task[];
};

function makeTask(random: Random, at: number, { rigs, epics, before }: Around): Task {
  const rig = random.pick(rigs);
  const ownEpics = epics.filter((epic) => epic.rig === rig);
  const isInEpic = ownEpics.length > 0 && random.percent(30);
  const manner = mannerOf(random);
  const stepMinMs = random.int(2_000, 10_000);
  return {
    key: `task ${at}`,
    rig,
    priority: random.int(0, 4),
    needs: needsOf(random, before),
    epic: isInEpic ? random.pick(ownEpics).key : undefined,
    manner,
    change: changeOf(random, rig, manner, before),
    stepMinMs,
    stepMaxMs: stepMinMs + random.int(0, 30_000),
    filedMs: random.percent(70) ? 0 : random.int(0, 60_000),
  };
}

function mannerOf(random: Random): Manner {
  let left = random.int(0, 99);
  for (const [manner, share] of manners) {
    if (left < share) return manner;
    left -= share;
  }
  return "plain";
}

/** Work that would never land must not be waited for. */
function needsOf(random: Random, before: readonly Task[]): string[] {
  const sure = before.filter(({ manner }) => isSure(manner));
  const count = random.pick([0, 0, 0, 1, 1, 2]);
  return random.some(sure, count).map(({ key }) => key);
}

/** Whether work of this manner lands by itself, as long as nothing else is in its way. */
export function isSure(manner: Manner): boolean {
  return manner === "plain" || manner === "crash-once" || manner === "late" || manner === "flood";
}

function changeOf(random: Random, rig: string, manner: Manner, before: readonly Task[]): Change {
  if (manner !== "plain" || random.percent(75)) return { kind: "own" };
  if (random.percent(60)) return { kind: "shared", path: `shared/${random.int(1, 2)}.txt` };
  const mine = before.filter((task) => task.rig === rig && task.change.kind === "pair");
  const count = mine.length;
  const pair = `${rig}-${Math.floor(count / 2)}`;
  return { kind: "pair", pair, side: count % 2 === 0 ? "a" : "b" };
}
