import { at, type Court, type Judge } from "./court.ts";
import { entry, type Facts } from "./facts.ts";
import type { Answered } from "./observation.ts";

type Noted = { readonly bead: string; readonly actor: string; readonly atMs: number };

/** 4 and 16: one request has one result, and its change names who asked for it. */
export function requestsJudge(_facts: Facts, court: Court): Judge {
  const answers = new Map<string, Answered>();
  const changes = new Map<string, Noted[]>();
  return {
    hears: {
      answered: (seen) => {
        const first = answers.get(seen.request);
        if (!first) answers.set(seen.request, seen);
        else judgeSame(court, first, seen);
      },
      appended: ({ events, atMs }) => {
        for (const { request, bead, actor } of events) {
          if (request === undefined) continue;
          entry(changes, request.split(":")[0] ?? "").push({ bead, actor, atMs });
        }
      },
    },
    ends: () => {
      for (const [request, made] of changes) judgeChanges(court, request, made);
      for (const answer of answers.values()) {
        court.look(16);
        judgeAudit(court, answer, changes.get(answer.request) ?? []);
      }
    },
  };
}

function judgeSame(court: Court, first: Answered, seen: Answered): void {
  court.look(4);
  if (first.result === seen.result) return;
  const then = `${first.at} answered ${first.result} at ${at(first.atMs)}`;
  const now = `${seen.at} ${seen.result} at ${at(seen.atMs)}`;
  court.broken(4, seen.atMs, seen.request, `one request of ${seen.principal}: ${then}, ${now}`);
}

/** A retry at another endpoint may write the change again, but of the same bead. */
function judgeChanges(court: Court, request: string, made: readonly Noted[]): void {
  court.look(4);
  const [first] = made;
  const other = made.find(({ bead }) => bead !== first?.bead);
  if (!first || !other) return;
  const two = `${first.bead} at ${at(first.atMs)} and ${other.bead} at ${at(other.atMs)}`;
  court.broken(4, other.atMs, request, `one request changed two beads: ${two}`);
}

function judgeAudit(court: Court, answer: Answered, made: readonly Noted[]): void {
  const { request, principal, atMs, at: endpoint } = answer;
  const what = `${endpoint} told ${principal} at ${at(atMs)} that a change was made`;
  const stranger = made.find(({ actor }) => actor !== principal);
  if (made.length === 0) court.broken(16, atMs, request, `${what}, and no entry says so`);
  else if (stranger) {
    const where = `the entry of ${at(stranger.atMs)}`;
    court.broken(16, atMs, request, `${what}, and ${where} names ${stranger.actor}`);
  }
}
