/** A bead that may be dispatched now; candidates come in order of urgency. */
export type Candidate = {
  readonly uid: string;
  readonly rig: string;
  /** Only this machine may work on it. */
  readonly machine: string | undefined;
  /** How it came to be for that machine alone; `slung` if absent. */
  readonly wish?: "slung" | "handed";
  /** It was handed off from this machine: it goes to another one, while any other could. */
  readonly leaves?: string | undefined;
};

/** A machine as the dispatcher sees it. */
export type Seat = {
  readonly machine: string;
  /** How many more polecats it takes. */
  readonly free: number;
  /** Why it takes nothing at all now (cordoned, silent, …), or undefined. */
  readonly closed: string | undefined;
  readonly serves: (rig: string) => boolean;
};

/** A rig's own limit. */
export type RigLimit = {
  readonly rig: string;
  /** How many more polecats it may have, on all machines. */
  readonly free: number;
};

/** One bead with its machine. */
export type Placed = {
  readonly uid: string;
  readonly machine: string;
  readonly reasons: readonly string[];
};

/** One bead that has none, and why, the deciding reason first. */
export type Waiting = { readonly uid: string; readonly reasons: readonly string[] };

export type Plan = { readonly placed: readonly Placed[]; readonly waiting: readonly Waiting[] };

/**
 * Choose a machine for each candidate, the most urgent first.
 *
 * Spreads: of the machines that may, the one with the most room; the name settles a tie. Pure: the
 * same world gives the same plan.
 */
export function plan(
  candidates: readonly Candidate[],
  seats: readonly Seat[],
  limits: readonly RigLimit[],
): Plan {
  const free = new Map(seats.map((seat) => [seat.machine, seat.free]));
  const rigFree = new Map(limits.map(({ rig, free: room }) => [rig, room]));
  const placed: Placed[] = [];
  const waiting: Waiting[] = [];
  for (const candidate of candidates) {
    const { uid, rig } = candidate;
    const rigRoom = rigFree.get(rig) ?? 0;
    const hasOther = seats.some((seat) => couldGoOn(candidate, seat));
    const refusals = seats.map((seat) => {
      return refusal(candidate, seat, { room: free.get(seat.machine) ?? 0, hasOther });
    });
    const open = seats.filter((_, index) => refusals[index] === undefined);
    const best = roomiest(open, free);
    if (!best || rigRoom <= 0) {
      const full = rigRoom <= 0 ? [`rig ${rig} has no free polecat`] : [];
      waiting.push({ uid, reasons: [...full, ...reasonsFor(candidate, seats, refusals)] });
      continue;
    }
    const room = free.get(best.machine) ?? 0;
    placed.push({ uid, machine: best.machine, reasons: [placementReason(best, open, room)] });
    free.set(best.machine, room - 1);
    rigFree.set(rig, rigRoom - 1);
  }
  return { placed, waiting };
}

/** Whether a bead that was handed off could go on there, now or once there is room. */
function couldGoOn({ leaves, machine, rig }: Candidate, seat: Seat): boolean {
  if (leaves === undefined || seat.machine === leaves || seat.closed !== undefined) return false;
  return seat.serves(rig) && (machine === undefined || machine === seat.machine);
}

function refusal(
  { rig, machine, wish = "slung", leaves }: Candidate,
  seat: Seat,
  { room, hasOther }: { readonly room: number; readonly hasOther: boolean },
): string | undefined {
  if (machine !== undefined && seat.machine !== machine) {
    return `${seat.machine} is not the machine it was ${wish} to, ${machine}`;
  }
  if (!seat.serves(rig)) return `${seat.machine} does not serve rig ${rig}`;
  if (seat.closed !== undefined) return `${seat.machine} is ${seat.closed}`;
  if (seat.machine === leaves && hasOther) return `${seat.machine} handed it off to another one`;
  return room <= 0 ? `${seat.machine} has no free polecat` : undefined;
}

/** Why nobody takes it: what is wrong with the one machine that it is for comes first. */
function reasonsFor(
  { machine, wish = "slung" }: Candidate,
  seats: readonly Seat[],
  refusals: readonly (string | undefined)[],
): string[] {
  if (seats.length === 0) return ["no machine has joined yet"];
  const all = seats.flatMap((seat, index) => {
    const why = refusals[index];
    return why === undefined ? [] : [{ why, isWanted: seat.machine === machine }];
  });
  const isThere = machine === undefined || seats.some((seat) => seat.machine === machine);
  const gone = isThere ? [] : [`${machine}, which it was ${wish} to, is no machine of the town`];
  const wanted = all.filter(({ isWanted }) => isWanted);
  const others = all.filter(({ isWanted }) => !isWanted);
  return [...gone, ...[...wanted, ...others].map(({ why }) => why)];
}

function roomiest(seats: readonly Seat[], free: ReadonlyMap<string, number>): Seat | undefined {
  const room = (seat: Seat) => free.get(seat.machine) ?? 0;
  let best: Seat | undefined;
  for (const seat of seats) {
    const isBetter =
      !best ||
      room(seat) > room(best) ||
      (room(seat) === room(best) && seat.machine < best.machine);
    if (isBetter) best = seat;
  }
  return best;
}

function placementReason(best: Seat, open: readonly Seat[], room: number): string {
  if (open.length === 1) return `${best.machine} is the only machine that may take it now`;
  return `${best.machine} has the most room of ${open.length}: ${room} free`;
}
