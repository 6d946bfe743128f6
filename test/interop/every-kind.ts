import {
  addEdges,
  closeBead,
  createBead,
  type NewBead,
  tombstone,
} from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";

/** The moment at which tests judge: every date of {@link everyKind} is before or long after it. */
export const judgedMs = Date.parse("2026-02-01T00:00:00Z");

type More = Partial<NewBead>;
const made = "2026-01-02T03:04:05.678901Z";

/** A bead of the rig `alpha`, made and changed at times that no tool needs to round. */
function bead(name: string, more: More = {}): Draft {
  return createBead({
    uid: `uid-${name}`,
    id: `alpha-${name}`,
    title: `The ${name} one`,
    ...more,
    fields: { created_at: made, created_by: "ann", updated_at: made, ...more.fields },
  });
}

/** An edge to another bead of these. */
function to(name: string, type: string, more: Record<string, string> = {}) {
  return { to: `uid-${name}`, type, created_at: made, created_by: "ann", ...more };
}

const statuses = ["open", "in_progress", "blocked", "deferred", "pinned", "hooked", "review"];
const types = [
  ...["bug", "feature", "epic", "chore", "decision", "message", "molecule", "gate"],
  ...["merge-request", "agent", "role", "convoy", "event", "spike"],
];
/** Every type of edge that Beads knows, and one that nobody does. */
export const edgeTypes: readonly string[] = [
  ...["blocks", "parent-child", "conditional-blocks", "waits-for", "related", "discovered-from"],
  ...["replies-to", "relates-to", "duplicates", "supersedes", "authored-by", "assigned-to"],
  ...["approved-by", "tracks", "until", "caused-by", "validates", "delegated-from", "hums-with"],
];

/**
 * One bead of everything: every status, type and type of edge, the ends a bead can have, and every
 * way to be held back. Twice the same drafts, whoever asks.
 */
export function everyKind(): Draft[] {
  return [...kinds(), ...texts(), ...ends(), ...waits()];
}

function kinds(): Draft[] {
  const rig = { name: "alpha", prefix: "alpha", remote: "/nowhere", target: "main" };
  return [
    createBead({
      uid: "rig",
      id: "hq-rig-alpha",
      title: "alpha",
      issueType: "rig",
      fields: { "gt.rig": rig, created_at: made, created_by: "ann", updated_at: made },
    }),
    ...statuses.map((status) => bead(`is-${status.replace("_", "-")}`, { status })),
    ...types.map((issueType) => bead(`type-${issueType}`, { issueType })),
    ...[0, 1, 2, 3, 4].map((priority) => bead(`p${priority}`, { priority })),
    bead("target"),
    ...edgeTypes.map((type) => bead(`edge-${type}`, { edges: [to("target", type)] })),
  ];
}

function texts(): Draft[] {
  const texts = {
    description: 'Say <hello> & "mean" it\nonce, \t– even to 🚂\u2028riders',
    design: "thin",
    acceptance_criteria: "it is said",
    notes: "none yet",
    owner: "ann@town.invalid",
    external_ref: "gh-9",
    estimated_minutes: 90,
    due_at: "2026-03-01T00:00:00Z",
    metadata: { team: "x", deep: { list: [1, "two", null] } },
    "gt.patch": "--- a\n+++ b\n",
    "gt.sling": { by: "ann", runtime: "shell" },
    later_key: { kept: [true] },
  };
  const gate = { await_type: "gh:run", await_id: "12345", timeout: 90_000_000_000 };
  const comments = [
    { id: "c1", author: "ann", text: "soon", created_at: "2026-01-02T04:00:00Z" },
    { id: "c2", author: "bob", text: "now <b>& then</b>", created_at: "2026-01-02T05:00:00Z" },
  ];
  return [
    bead("texts", { assignee: "bob", labels: ["one", "two:three"], fields: texts, comments }),
    bead("long", { fields: { description: "long ".repeat(20_000) } }),
    bead("gate-open", { issueType: "gate", fields: { ...gate, waiters: ["mayor", "bob"] } }),
    bead("pinned-flag", { fields: { pinned: true } }),
    bead("template", { fields: { is_template: true }, labels: ["template"] }),
    bead("wisp-like", { fields: { ephemeral: true } }),
    bead("later", { fields: { defer_until: "2099-01-01T00:00:00Z" } }),
    bead("again", { fields: { defer_until: "2026-01-20T00:00:00Z" } }),
  ];
}

function ends(): Draft[] {
  const at = "2026-01-03T00:00:00Z";
  const closed = (name: string, kind: string, reason: string): Draft[] => [
    closeBead(`uid-${name}`, { close: "by-hand", kind, reason, closedAt: at }),
  ];
  return [
    ...closed("done", "done", "said <it>"),
    bead("done"),
    ...closed("failed", "failed", "failed: no voice"),
    bead("failed"),
    ...closed("over", "done", "done first"),
    bead("over", { edges: [to("target", "blocks")] }),
    tombstone("uid-gone", "filed twice"),
    bead("gone", { edges: [to("target", "blocks")] }),
  ];
}

function waits(): Draft[] {
  const blocked = (name: string, on: string, type = "blocks") =>
    bead(`on-${name}`, { edges: [to(on, type)] });
  const elsewhere = (name: string, id: string) =>
    bead(`on-${name}`, { edges: [{ to: id, type: "blocks", created_at: made }] });
  return [
    blocked("done", "done"),
    blocked("gone", "gone"),
    blocked("pinned", "is-pinned"),
    blocked("deferred", "is-deferred"),
    blocked("blocked", "on-deferred"),
    blocked("failed-if", "failed", "conditional-blocks"),
    blocked("done-if", "done", "conditional-blocks"),
    elsewhere("absent", "alpha-nowhere"),
    elsewhere("stranger", "other-1"),
    elsewhere("outside", "external:beta:capability"),
    bead("child", { edges: [to("on-deferred", "parent-child")] }),
    bead("grandchild", { edges: [to("child", "parent-child")] }),
    bead("late-child", { edges: [to("later", "parent-child")] }),
    bead("spawner", { issueType: "epic" }),
    bead("spawned", { edges: [to("spawner", "parent-child")] }),
    bead("for-any", {
      edges: [to("spawner", "waits-for", { metadata: '{"gate":"any-children"}' })],
    }),
    bead("for-all", {
      edges: [to("spawner", "waits-for", { metadata: '{"gate":"all-children"}' })],
    }),
    // Two machines closed this cycle at once: its newest edge holds nobody.
    bead("round", { edges: [to("about", "blocks")] }),
    bead("about"),
    addEdges("uid-about", [{ ...to("round", "blocks"), created_at: "2026-01-05T00:00:00Z" }]),
  ];
}
