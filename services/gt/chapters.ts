import { ledgerVerbs } from "./ledger/group.ts";
import { salvageVerbs } from "./salvage/group.ts";
import type { Chapter } from "./verb.ts";

/** Every verb of `gt`, in the order of its help. */
export const chapters: readonly Chapter[] = [
  {
    title: "Work",
    verbs: [
      {
        name: "create",
        summary: "file a bead",
        changes: true,
        load: () => import("./create.ts"),
      },
      { name: "list", summary: "beads, filtered", load: () => import("./list.ts") },
      { name: "ready", summary: "beads that could start now", load: () => import("./ready.ts") },
      {
        name: "search",
        summary: "beads by the words in their texts",
        load: () => import("./search.ts"),
      },
      { name: "show", summary: "everything about one bead", load: () => import("./show.ts") },
      {
        name: "update",
        summary: "change fields of a bead",
        changes: true,
        load: () => import("./update.ts"),
      },
      {
        name: "close",
        summary: "close a bead by hand",
        changes: true,
        load: () => import("./close.ts"),
      },
      {
        name: "reopen",
        summary: "open a closed bead again",
        changes: true,
        load: () => import("./reopen.ts"),
      },
      {
        name: "comment",
        summary: "remark on a bead",
        changes: true,
        load: () => import("./comment.ts"),
      },
      {
        name: "dep",
        summary: "what a bead waits for",
        verbs: [
          {
            name: "add",
            summary: "let a bead wait for another",
            changes: true,
            load: () => import("./dep/add.ts"),
          },
          {
            name: "remove",
            summary: "remove a dependency",
            aliases: ["rm"],
            changes: true,
            load: () => import("./dep/remove.ts"),
          },
          {
            name: "tree",
            summary: "all that a bead waits for, and what that waits for",
            load: () => import("./dep/tree.ts"),
          },
        ],
      },
      {
        name: "import",
        summary: "file the beads of a JSONL file",
        changes: true,
        load: () => import("./import.ts"),
      },
    ],
  },
  {
    title: "Dispatch",
    verbs: [
      {
        name: "sling",
        summary: "have a bead, or a whole epic, worked on",
        aliases: ["spawn"],
        changes: true,
        load: () => import("./sling.ts"),
      },
      {
        name: "handoff",
        summary: "let another machine go on; alone: a fresh session for yourself",
        changes: true,
        load: () => import("./handoff.ts"),
      },
      { name: "tree", summary: "an epic: who, where, which step", load: () => import("./tree.ts") },
      { name: "watch", summary: "the same, live", load: () => import("./watch.ts") },
      { name: "explain", summary: "why a bead is where it is", load: () => import("./explain.ts") },
      {
        name: "mq",
        summary: "the merge queue",
        verbs: [
          {
            name: "list",
            summary: "merge requests in queue order",
            load: () => import("./mq/list.ts"),
          },
          {
            name: "show",
            summary: "one request with its gates",
            load: () => import("./mq/show.ts"),
          },
        ],
      },
      salvageVerbs,
    ],
  },
  {
    title: "The record",
    verbs: [
      {
        name: "history",
        summary: "all that happened to a bead, who did it, what it changed",
        load: () => import("./history.ts"),
      },
      {
        name: "audit",
        summary: "every change, by whom and from where; as CSV or JSONL too",
        load: () => import("./audit.ts"),
      },
      { name: "cv", summary: "what an agent has done", load: () => import("./cv.ts") },
      {
        name: "stats",
        summary: "throughput, and where the time went",
        load: () => import("./stats.ts"),
      },
    ],
  },
  {
    title: "Agents",
    verbs: [
      { name: "peek", summary: "how an agent is, or all of them", load: () => import("./peek.ts") },
      { name: "logs", summary: "what an agent printed", load: () => import("./logs.ts") },
      {
        name: "nudge",
        summary: "say something to a running agent",
        changes: true,
        load: () => import("./nudge.ts"),
      },
      {
        name: "mail",
        summary: "letters between agents and people",
        verbs: [
          {
            name: "send",
            summary: "send mail",
            changes: true,
            load: () => import("./mail/send.ts"),
          },
          {
            name: "inbox",
            summary: "an inbox, newest first",
            load: () => import("./mail/inbox.ts"),
          },
          { name: "read", summary: "one message", load: () => import("./mail/read.ts") },
        ],
      },
    ],
  },
  {
    title: "For a polecat at work",
    verbs: [
      {
        name: "prime",
        summary: "who you are and how this works",
        load: () => import("./prime.ts"),
      },
      { name: "hook", summary: "what hangs on your hook", load: () => import("./hook.ts") },
      {
        name: "step",
        summary: "the steps of your molecule",
        verbs: [
          {
            name: "show",
            summary: "the next step, or a named one",
            isDefault: true,
            load: () => import("./step/show.ts"),
          },
          {
            name: "done",
            summary: "complete a step",
            changes: true,
            load: () => import("./step/done.ts"),
          },
          {
            name: "list",
            summary: "every step with its state",
            load: () => import("./step/list.ts"),
          },
        ],
      },
      {
        name: "submit",
        summary: "submit your branch to the merge queue",
        changes: true,
        load: () => import("./submit.ts"),
      },
      {
        name: "exit",
        summary: "leave: completed, blocked, refactor or escalate",
        aliases: ["done"],
        changes: true,
        load: () => import("./exit.ts"),
      },
      {
        name: "shutdown",
        summary: "ask the Witness for a shutdown, your last act",
        changes: true,
        load: () => import("./shutdown.ts"),
      },
    ],
  },
  {
    title: "The town",
    verbs: [
      { name: "up", summary: "start a town and a rig-agent here", load: () => import("./up.ts") },
      { name: "down", summary: "stop it", load: () => import("./down.ts") },
      { name: "join", summary: "let this machine join a town", load: () => import("./join.ts") },
      { name: "status", summary: "town, bus, machines, rigs", load: () => import("./status.ts") },
      {
        name: "doctor",
        summary: "check everything, with remedies",
        load: () => import("./doctor.ts"),
      },
      {
        name: "rig",
        summary: "projects",
        verbs: [
          {
            name: "add",
            summary: "take up a project",
            changes: true,
            load: () => import("./rig/add.ts"),
          },
          { name: "list", summary: "all rigs", load: () => import("./rig/list.ts") },
          { name: "show", summary: "one rig with its gates", load: () => import("./rig/show.ts") },
          {
            name: "move",
            summary: "appoint the machine that holds its authority",
            changes: true,
            load: () => import("./rig/move.ts"),
          },
          {
            name: "update",
            summary: "change what it does about a lost machine",
            changes: true,
            load: () => import("./rig/update.ts"),
          },
        ],
      },
      {
        name: "machine",
        summary: "hosts with a rig-agent",
        verbs: [
          { name: "list", summary: "all machines", load: () => import("./machine/list.ts") },
          { name: "show", summary: "one machine", load: () => import("./machine/show.ts") },
          {
            name: "cordon",
            summary: "place nothing new on it",
            changes: true,
            load: () => import("./machine/cordon.ts"),
          },
          {
            name: "uncordon",
            summary: "let it take work again; calls a drain off",
            changes: true,
            load: () => import("./machine/uncordon.ts"),
          },
          {
            name: "drain",
            summary: "empty it: its work ends or goes on elsewhere",
            changes: true,
            load: () => import("./machine/drain.ts"),
          },
          {
            name: "lost",
            summary: "confirm that a silent one is lost, or gone for good",
            changes: true,
            load: () => import("./machine/lost.ts"),
          },
        ],
      },
      ledgerVerbs,
      { name: "version", summary: "the version of this gt", load: () => import("./version.ts") },
    ],
  },
];
