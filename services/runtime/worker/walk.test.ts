import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commitFiles } from "#services/git/scratch-remote.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { type ScratchTree, scratchPatch, scratchTree } from "./scratch-tree.ts";
import { walk } from "./walk.ts";

type Hook = {
  readonly runtime: string;
  readonly command?: string;
  readonly patch?: string;
  readonly gates?: readonly string[];
  readonly steps?: readonly string[];
  /** Steps that are done before it starts. */
  readonly done?: readonly string[];
  /** What a verb is refused with. */
  readonly refuse?: Readonly<Record<string, TownError>>;
};

const steps = [
  ...["load-context", "branch-setup", "implement", "commit", "self-review", "test"],
  ...["submit", "exit-decision", "request-shutdown"],
];

/** Walk in a worktree with a `gt` that answers from a hook; returns what was called and said. */
async function go({ worktree }: ScratchTree, hook: Hook) {
  const { runtime, command = "", patch, gates = [], done = [] } = hook;
  const shown = {
    molecule: {
      steps: (hook.steps ?? steps).map((name) => ({
        name,
        state: done.includes(name) ? "done" : "pending",
      })),
    },
    bead: { id: "alpha-1", title: "Greet by name", metadata: { gt: patch ? { patch } : {} } },
    ...{ runtime, command, gates },
  };
  const calls: string[] = [];
  const said: string[] = [];
  const { signal } = new AbortController();
  await walk({
    gt: async (args) => {
      calls.push(args.join(" "));
      const refusal = Object.entries(hook.refuse ?? {}).find(([verb]) => {
        return args.join(" ").startsWith(verb);
      });
      if (refusal) throw refusal[1];
      return args[0] === "hook" ? shown : {};
    },
    say: (line) => said.push(line),
    echo: () => {},
    signal,
    agent: "rigs/alpha/polecats/nux",
    epoch: "1.1.0",
    worktree,
    request: (act) => act,
  });
  return { calls, said };
}

test("a patch that was half applied is applied anew, and what was there is kept", async () => {
  await using tree = await scratchTree();
  await writeFile(join(tree.worktree, "greet.txt"), "one\nhello, you\nthree\n");
  await go(tree, { runtime: "patch", patch: scratchPatch });
  expect(await tree.git("show", "HEAD:new.txt")).toBe("new");
  expect(await tree.git("show", "refs/gastown/interrupted/alpha-1/1.1.0:greet.txt")).toContain(
    "you",
  );
});

test("a commit of an interrupted worker is gone on with, and not made again", async () => {
  await using tree = await scratchTree();
  const head = await commitFiles(tree.worktree, { "new.txt": "new\n" }, "done before");
  const done = ["load-context", "branch-setup", "implement"];
  const { calls } = await go(tree, { runtime: "patch", patch: scratchPatch, done });
  expect(calls).toContain(`step done commit --summary committed as ${head.slice(0, 12)}`);
  expect(calls.filter((call) => call.startsWith("step done implement"))).toEqual([]);
  expect(await tree.git("rev-parse", "HEAD")).toBe(head);
});

test("a patch whose surroundings changed meanwhile is merged where its base is known", async () => {
  await using tree = await scratchTree({ "n.txt": "1\n2\n3\n4\n5\n6\n" });
  await commitFiles(tree.worktree, { "n.txt": "1\n2\n3\n4\n5\nsix\n" }, "change");
  const patch = await tree.git("diff", "HEAD~1", "HEAD");
  await tree.git("reset", "--quiet", "--hard", "HEAD~1");
  await commitFiles(tree.worktree, { "n.txt": "1\n2\n3\nfour\n5\n6\n" }, "another change");
  const { calls } = await go(tree, { runtime: "patch", patch });
  expect(calls).toContain(
    "step done implement --summary applied the patch, merged with newer changes",
  );
  expect(await tree.git("show", "HEAD:n.txt")).toBe("1\n2\n3\nfour\n5\nsix");
});

test("a patch that does not apply is escalated in git's words", async () => {
  await using tree = await scratchTree({ "greet.txt": "quite another file\n" });
  const { calls } = await go(tree, { runtime: "patch", patch: scratchPatch });
  expect(calls.at(-2)).toMatch(/^exit escalate --summary the patch does not apply: .*greet\.txt/s);
  expect(calls.at(-1)).toBe("shutdown");
  expect(await tree.git("status", "--porcelain")).toBe("");
});

test("what a worker by rote cannot do is escalated", async () => {
  await using tree = await scratchTree();
  const cases: [Hook, string][] = [
    [{ runtime: "shell", command: "echo oh; exit 3" }, "(exit code 3):\noh"],
    [{ runtime: "shell", command: "true" }, "the command changed nothing"],
    [{ runtime: "shell" }, "was slung without a command"],
    [{ runtime: "patch" }, "carries no patch"],
    [{ runtime: "shell", steps: ["design"] }, 'the step "design" needs'],
    [{ runtime: "magic" }, 'not "magic"'],
    [
      {
        ...{ runtime: "shell", command: "date > now" },
        refuse: { submit: new TownError("state", "not yet") },
      },
      "not yet",
    ],
  ];
  for (const [hook, words] of cases) {
    const { calls } = await go(tree, hook);
    expect(calls.at(-2)).toContain("exit escalate --summary");
    expect(calls.at(-2)).toContain(words);
    expect(calls.at(-1)).toBe("shutdown");
  }
});

test("a gate that fails is reported, and the Refinery is left to judge", async () => {
  await using tree = await scratchTree();
  const gates = ["echo made > left.txt; echo broken; exit 7", "cat new.txt"];
  const { calls, said } = await go(tree, { runtime: "patch", patch: scratchPatch, gates });
  const told = calls.find((call) => call.startsWith("step done test"));
  expect(told).toContain("failed (exit code 7)");
  expect(told).toContain("broken");
  expect(said).toContainEqual(expect.stringContaining("cat new.txt: passed"));
  expect(calls).toContain("submit");
  expect(existsSync(join(tree.worktree, "left.txt"))).toBe(false);
});

test("a worker whose claim was taken stops, and asks for its end", async () => {
  await using tree = await scratchTree();
  const refuse = { "step done implement": new TownError("stale", "1.2 holds it") };
  const { calls, said } = await go(tree, { runtime: "patch", patch: scratchPatch, refuse });
  expect(said).toContain("stopping: 1.2 holds it");
  expect(calls.at(-1)).toBe("shutdown");
  expect(calls.some((call) => call.startsWith("exit"))).toBe(false);
});

test("a worker that was started again after its exit only asks for its end", async () => {
  await using tree = await scratchTree();
  const done = steps.slice(0, -1);
  const { calls } = await go(tree, { runtime: "patch", patch: scratchPatch, done });
  expect(calls.slice(-2)).toEqual(["mail inbox --unread", "shutdown"]);
});
