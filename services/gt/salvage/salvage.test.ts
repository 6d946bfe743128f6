import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ListSalvageRequest,
  type ReleaseSalvageRequest,
  type RestoreSalvageRequest,
  SalvageSchema,
  SalvageService,
  SalvageState,
} from "#proto/gastown/v1/salvage_service_pb.ts";
import { served } from "#services/rpc/method.ts";
import { type RpcServer, serveRpc } from "#services/rpc/server.ts";
import { TownError } from "#services/rpc/town-error.ts";
import { runInMemory, type Told } from "../terminal-memory.ts";

const startMs = Date.parse("2026-03-01T09:00:00Z");
const minuteMs = 60_000;

let salvage: MessageInitShape<typeof SalvageSchema>[];
let problems: string[];
let asked: { list?: ListSalvageRequest; restore?: RestoreSalvageRequest };
let released: ReleaseSalvageRequest | undefined;
let server: RpcServer;

const left = {
  ...{ name: "alpha-k3f9@4.2", rig: "alpha", bead: "alpha-k3f9", epoch: "4.2" },
  ...{ refs: ["refs/gastown/checkpoint/alpha-k3f9/4.2"], commit: "0123456789abcdef".repeat(2) },
  ...{ saveTime: timestampFromMs(startMs - 5 * minuteMs), state: SalvageState.LEFT },
  ...{ commitsAhead: 2, hasUncommitted: true },
};

beforeEach(async () => {
  [salvage, problems, asked, released] = [[left], [], {}, undefined];
  const find = (name: string) => {
    const found = salvage.find((each) => each.name === name);
    if (!found) throw new TownError("not_found", `nothing is left under ${name}`);
    return create(SalvageSchema, found);
  };
  const patch = "diff --git a/a b/a\n+a\u001b[31m\n";
  server = await serveRpc({
    services: [
      served(SalvageService, {
        listSalvage: async (request) => {
          asked.list = request;
          return { salvage, problems };
        },
        getSalvage: async ({ name }) => ({ salvage: find(name), patch, isCut: true }),
        restoreSalvage: async (request) => {
          asked.restore = request;
          return { salvage: find(request.name) };
        },
        releaseSalvage: async (request) => {
          released = request;
          return { salvage: find(request.name) };
        },
      }),
    ],
    listen: { address: "127.0.0.1:0" },
    authenticate: () => "overseer",
    onBug: (error) => {
      throw error;
    },
  });
});
afterEach(() => server.drain(0));

function gt(args: readonly string[], isTty = false): Promise<Told> {
  const env = { GT_TOWN: server.address };
  return runInMemory(args, { env, cwd: "/", nowMs: () => startMs, isTty });
}

test("what was left is listed in columns, with the remotes that could not be asked", async () => {
  const other = { ...left, name: "alpha-x@1.1", state: SalvageState.RELEASED, commitsAhead: 1 };
  salvage = [left, { ...other, hasUncommitted: false }];
  problems = ["beta: no route to host"];
  const { out, exitCode } = await gt(["salvage", "list", "--rig", "alpha", "--all"]);
  expect(exitCode).toBe(0);
  expect(out.split("\n")).toEqual([
    "NAME            RIG    STATE     COMMIT         SAVED  HOLDS",
    "alpha-k3f9@4.2  alpha  left      0123456789ab  5m ago  2 commits and uncommitted changes",
    "alpha-x@1.1     alpha  released  0123456789ab  5m ago  1 commit",
    "cannot ask beta: no route to host",
    "",
  ]);
  expect(asked.list).toMatchObject({ rig: "alpha", bead: "", all: true });
  const { out: json } = await gt(["salvage", "list", "--json"]);
  expect(JSON.parse(json).salvage[0]).toMatchObject({
    name: "alpha-k3f9@4.2",
    state: "SALVAGE_STATE_LEFT",
  });
});

test("nothing left is said so, and no more than is known", async () => {
  salvage = [];
  expect((await gt(["salvage"])).out).toBe(
    "nothing was left; --all shows what is held or landed\n",
  );
  problems = ["beta: no route to host"];
  expect((await gt(["salvage", "list", "--all"])).out).toBe(
    "nothing was left where the remote answers\ncannot ask beta: no route to host\n",
  );
});

test("one is shown with its patch, whose control characters reach no terminal", async () => {
  const { out } = await gt(["salvage", "show", "alpha-k3f9@4.2"]);
  expect(out).toContain("alpha-k3f9@4.2  left");
  expect(out).toContain("Holds   2 commits and uncommitted changes");
  expect(out).toContain("the patch is longer: git show 0123456789abcdef");
  expect(out).not.toContain("\u001b");
  const patch = ["salvage", "show", "alpha-k3f9@4.2", "--patch"];
  expect((await gt(patch)).out).toBe("diff --git a/a b/a\n+a\u001b[31m\n");
  expect((await gt(patch, true)).out).not.toContain("\u001b");
  expect((await gt(["salvage", "show", "alpha-none@1.1"])).exitCode).not.toBe(0);
});

test("restored and released under the request's id, it says what comes of it", async () => {
  const id = ["--request-id", "r1"];
  const restored = await gt(["salvage", "restore", "alpha-k3f9@4.2", ...id]);
  expect(restored.out).toBe("the next worker of alpha-k3f9 goes on from alpha-k3f9@4.2\n");
  expect(asked.restore).toMatchObject({ requestId: "r1", branch: "" });
  const onBranch = await gt(["salvage", "restore", "alpha-k3f9@4.2", "--branch", "try"]);
  expect(onBranch.out).toBe("alpha-k3f9@4.2 is on branch try of alpha\n");
  expect(asked.restore).toMatchObject({ branch: "try" });
  const { out } = await gt(["salvage", "release", "alpha-k3f9@4.2", ...id]);
  expect(out).toContain("alpha-k3f9@4.2 is let go of");
  expect(released).toMatchObject({ requestId: "r1", name: "alpha-k3f9@4.2" });
  expect((await gt(["salvage", "--help"])).out).toContain("gt salvage restore");
});
