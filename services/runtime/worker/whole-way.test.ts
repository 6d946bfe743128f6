import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { AgentService } from "#proto/gastown/v1/agent_service_pb.ts";
import { MailService } from "#proto/gastown/v1/mail_service_pb.ts";
import { MergeQueueService } from "#proto/gastown/v1/merge_queue_service_pb.ts";
import { MoleculeService } from "#proto/gastown/v1/molecule_service_pb.ts";
import { mailService } from "#services/api/mail/mail-service.ts";
import { scratchPorts } from "#services/api/scratch-call.ts";
import { workerMethods } from "#services/api/worker-methods.ts";
import type { WorkerPorts } from "#services/api/worker-ports.ts";
import { pushCheckpoint } from "#services/git/checkpoint.ts";
import { runGit } from "#services/git/run-git.ts";
import { agentPerson } from "#services/identity/person.ts";
import { exitField, mergeField } from "#services/ledger/work-fields.ts";
import { assignmentLetter, subjects } from "#services/mail/letters.ts";
import { inbox, sendMail } from "#services/mail/mail.ts";
import { scratchWork } from "#services/molecules/scratch-work.ts";
import { served, serveRpc } from "#services/rpc/server.ts";
import { scratchPatch, scratchTree } from "./scratch-tree.ts";

const token = "a-token";

/** What a rig-agent does for its polecats, as far as they call it. */
async function serve(ports: WorkerPorts, agent: string, socketPath: string) {
  const methods = workerMethods(ports);
  const server = await serveRpc({
    services: [
      served(MoleculeService, methods.molecules),
      served(AgentService, methods.agents),
      served(MergeQueueService, methods.mergeQueue),
      served(MailService, mailService(ports)),
    ],
    listen: { socketPath },
    authenticate: (credentials) => (credentials.token === token ? agent : "stranger"),
    onBug: (error) => {
      throw error;
    },
  });
  onTestFinished(() => server.drain(0));
}

/** Put the real `gt` on a PATH of its own. */
async function installGt(bin: string): Promise<void> {
  const main = fileURLToPath(new URL("../../gt/main.ts", import.meta.url));
  await mkdir(bin);
  await writeFile(join(bin, "gt"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  await chmod(join(bin, "gt"), 0o755);
}

test("a worker, the real gt, a real ledger and real git: from the hook to the queue", async () => {
  await using tree = await scratchTree();
  const { dir, worktree } = tree;
  const scratch = await scratchWork({ "gt.patch": scratchPatch });
  const { ledger, work } = scratch;
  const worker = { ...scratch.worker, worktree };
  const { agent, branch, epoch } = worker;
  await scratch.write(
    ...sendMail(ledger.world, assignmentLetter({ ...worker, work: work() }, "mayor", branch)),
  );
  const author = agentPerson(agent);
  const ports: WorkerPorts = {
    ...scratchPorts(scratch, { workers: [worker] }),
    checkpoint: () => pushCheckpoint({ path: worktree, bead: "alpha-1", epoch, author }),
    pushBranch: async () => {
      await runGit(["push", "--quiet", "origin", `HEAD:refs/heads/${branch}`], { cwd: worktree });
      return { commit: await tree.git("rev-parse", "HEAD"), dirty: [], ahead: 1 };
    },
  };
  const socketPath = join(dir, "agent.sock");
  await serve(ports, agent, socketPath);
  await installGt(join(dir, "bin"));
  const program = fileURLToPath(new URL("./worker.ts", import.meta.url));
  const child = spawn(process.execPath, [program], {
    cwd: worktree,
    env: {
      ...process.env,
      ...{ PATH: `${join(dir, "bin")}:${process.env["PATH"]}`, GT_SOCKET: socketPath },
      ...{ GT_TOKEN: token, GT_AGENT: agent, GT_EPOCH: epoch, GT_BEAD: "alpha-1" },
      ...{ GT_WORKTREE: worktree, NODE_COMPILE_CACHE: join(dir, "cache") },
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes("done: request-shutdown")) break;
  }
  child.kill("SIGTERM");
  await once(child, "exit");
  expect(output).toContain(subjects.assignment);
  const { steps } = scratch.molecule();
  expect(steps.map(({ state }) => state)).toEqual(steps.map(() => "done"));
  const head = await tree.git("rev-parse", "HEAD");
  expect(steps.find(({ name }) => name === "commit")?.commit).toBe(head);
  const [request] = ledger.world.ofType("merge-request");
  expect(request && mergeField.read(request)).toMatchObject({ commit: head, branch });
  expect(exitField.read(work())).toMatchObject({ kind: "COMPLETED", epoch });
  expect(inbox(ledger.world, "machines/vm-a/witness")).toHaveLength(1);
  expect(inbox(ledger.world, agent, { unreadOnly: true })).toEqual([]);
});
