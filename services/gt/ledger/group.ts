import type { VerbGroup } from "../verb.ts";

const reference = `
Where. Each verb takes --dir, and needs no town then. Without it, it means the current folder if
that is a ledger's, else the town in effect: its home on this host where it reads (and says so on
standard error), the running town where it changes something. A folder is
  a folder of gt ledger init    ledger.json, its own journal, and others' events in ledger.git
  a home                        of a town or a machine; written only while its process rests
  a journal, or a clone         read only; a bare clone (ledger.git) too

What stands in several places is read once. A line that cannot be read is named by file and line, or
as <clone>:<branch>:<path>:<line>; what its writer wrote after it is left out, the rest goes on, and
the call ends with 1.

Two folders share a ledger through a git remote: each writes a branch of its own,
machines/<machine>, and reads all others.

Examples:
  gt ledger init --dir notes --machine laptop --remote ~/notes.git
  gt ledger import --dir notes issues.jsonl
  gt ledger sync --dir notes
  gt ledger export --dir notes > issues.jsonl
  gt ledger replay --dir notes --at 2026-03-01T12:00:00Z
  gt ledger replay --dir notes --at laptop.k3f9x2a1:17
  gt ledger verify --dir ~/clone-of-the-ledger
  gt ledger stats --json`;

/** `gt ledger …`. */
export const ledgerVerbs: VerbGroup = {
  name: "ledger",
  help: reference,
  summary: "the ledger itself: the town's, or a folder's with no town running",
  verbs: [
    {
      name: "init",
      summary: "let a folder keep a ledger of its own",
      load: () => import("./init.ts"),
    },
    {
      name: "import",
      summary: "file the beads of a JSONL file, and tell what became of each line",
      changes: true,
      load: () => import("./import.ts"),
    },
    {
      name: "sync",
      summary: "look at the git remote once, and push to it",
      load: () => import("./sync.ts"),
    },
    {
      name: "compact",
      summary: "keep lower what ended long ago, take a checkpoint, pack the clone",
      changes: true,
      load: () => import("./compact.ts"),
    },
    {
      name: "verify",
      summary: "check every line and every writer's chain",
      load: () => import("./verify.ts"),
    },
    {
      name: "export",
      summary: "all beads as JSONL",
      load: () => import("./export.ts"),
    },
    {
      name: "replay",
      summary: "the beads as they were at a position",
      load: () => import("./replay.ts"),
    },
    {
      name: "stats",
      summary: "how many events, writers, beads",
      load: () => import("./stats.ts"),
    },
  ],
};
