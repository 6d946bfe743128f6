import { create } from "@bufbuild/protobuf";
import { z } from "zod";
import {
  type AddRigRequest,
  Fencing,
  type FleetService,
  LossPolicy,
  RigSchema,
} from "#proto/gastown/v1/fleet_service_pb.ts";
import { rigMessage } from "#services/api/fleet/fleet-message.ts";
import { withoutSecrets } from "#services/git/git-failure.ts";
import { resolveRemote } from "#services/git/local-path.ts";
import { probeRemote } from "#services/git/probe.ts";
import { remotePlace } from "#services/git/remote-place.ts";
import { createBead, forRequest } from "#services/ledger/drafts.ts";
import { derivedUid, requestKey } from "#services/ledger/ids.ts";
import type { Ledger } from "#services/ledger/ledger.ts";
import { type EnrolledRig, Rig, rigField, rigs, townPrefix } from "#services/ledger/rigs.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { isTownError, TownError } from "#services/rpc/town-error.ts";
import { presetNamed } from "#services/runtime/presets.ts";
import { lossWait, policyOf } from "./update-rig.ts";

const name = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,31}$/, "lower case letters and digits, a letter first, at most 32");

const Wanted = z.object({
  name,
  prefix: name.refine((prefix) => prefix !== townPrefix, `${townPrefix} is the town's own`),
  remote: z.string().min(1, "a git URL, or a path on the town's host"),
  gates: z.array(
    z.object({
      name: z.string().min(1, "a gate needs a name"),
      command: z.string().min(1, "a gate needs a command"),
      timeoutSeconds: z.number().int().nonnegative(),
    }),
  ),
  polecatsMax: z.number().int().nonnegative("0 for no limit, or more"),
  onLoss: z.enum(LossPolicy, "wait or replace"),
  lossWaitSeconds: lossWait,
});

/** Take up a project, once its remote has shown by real pushes that it can be worked on. */
export function addRig(ports: {
  readonly ledger: Ledger;
}): MethodImpl<typeof FleetService.method.addRig> {
  const { ledger } = ports;
  return async (request, { principal, requestId, signal }) => {
    checkRequest(request);
    if (request.defaultRuntime !== "") presetNamed(request.defaultRuntime);
    const before = rigs(ledger.world).find(({ rig }) => rig.name === request.name);
    if (before) return again(ledger, before, request, requestKey(principal, requestId));
    const { found, abilities } = await examine(request.remote, signal);
    const fencing = request.fencing === Fencing.MAIN ? "main" : "chain";
    refuseUnable(request.remote, abilities, fencing);
    const rig = Rig.parse({
      name: request.name,
      prefix: request.prefix || request.name,
      remote: found.remote,
      target: request.target || found.branch,
      setup: request.setup,
      gates: request.gates.map((gate) => ({
        name: gate.name,
        command: gate.command,
        timeoutSeconds: gate.timeoutSeconds || 600,
      })),
      machines: request.machines,
      defaultRuntime: request.defaultRuntime,
      polecatsMax: request.polecatsMax,
      onLoss: policyOf(request.onLoss),
      ...(request.lossWaitSeconds > 0 && { lossWaitMs: request.lossWaitSeconds * 1_000 }),
      fencing,
    });
    // Probing took a while: another call may have taken the name meanwhile.
    const since = rigs(ledger.world).find((each) => each.rig.name === rig.name);
    if (since) return again(ledger, since, request, requestKey(principal, requestId));
    checkPrefix(ledger, rig);
    checkRemote(ledger, rig);
    const bead = createBead({
      uid: derivedUid("rig", rig.name),
      id: `${townPrefix}-rig-${rig.name}`,
      title: `Rig ${rig.name}`,
      issueType: "rig",
      status: "pinned",
      fields: { [rigField.name]: rig },
    });
    await ledger.append(principal, forRequest(requestKey(principal, requestId), [bead]));
    const notes = [
      ...found.setup,
      ...(fencing === "main" ? [onMain(rig)] : []),
      ...abilities.notes,
    ];
    return { rig: shown(ledger, rig.name), notes };
  };
}

/** A remote that does not answer within this time, ms, is none that work could be pushed to. */
const answerMsMax = 20_000;

/** The town answers well; that a remote does not is for the caller to mend, not to try again. */
async function examine(remote: string, signal: AbortSignal) {
  const limits = { signal, timeoutMs: answerMsMax };
  try {
    const found = await resolveRemote(remote, undefined, limits);
    return { found, abilities: await probeRemote(found.remote, limits) };
  } catch (error) {
    if (!isTownError(error, "unavailable", "timeout", "not_found", "denied")) throw error;
    throw new TownError("state", unreachable(remote, error), { cause: error });
  }
}

/** What git said last; how it was called is nobody's concern who adds a rig. */
function unreachable(remote: string, { cause, message }: TownError): string {
  const shown = withoutSecrets(remote);
  if (!(cause instanceof Error)) return `${shown} cannot carry a rig: ${message}`;
  const said = cause.message.split("\n").filter((line) => !vague.test(line));
  const last = said.at(-1) ?? cause.message;
  return `cannot reach ${shown}: ${last.replace(/^(?:fatal|error|remote): /, "")}`;
}

/** What git adds to whatever went wrong with a remote. */
const vague = /^Please make sure|^and the repository exists|^fatal: Could not read from remote|^$/;

function checkRequest(request: AddRigRequest): void {
  const read = Wanted.safeParse({ ...request, prefix: request.prefix || request.name });
  if (read.success) return;
  const violations = read.error.issues.map(({ path, message }) => ({
    field: path.join("."),
    description: message,
  }));
  const words = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw new TownError("invalid", `this rig cannot be added: ${words}`, { violations });
}

function again(
  ledger: Ledger,
  { rig }: EnrolledRig,
  request: AddRigRequest,
  key: string,
): { rig: ReturnType<typeof shown>; notes: string[] } {
  if (ledger.world.requested(key)) return { rig: shown(ledger, rig.name), notes: [] };
  const resource = { type: "rig", name: request.name };
  const message = `there is a rig ${rig.name} already, on ${rig.remote}`;
  throw new TownError("exists", message, { resource });
}

function refuseUnable(
  remote: string,
  abilities: { canPush: boolean; customRefs: boolean; atomic: boolean; notes: string[] },
  fencing: Rig["fencing"],
): void {
  const lacking = [
    ...(abilities.canPush ? [] : ["branches cannot be pushed"]),
    ...(abilities.customRefs || fencing === "main" ? [] : ["refs under refs/gastown/ are refused"]),
    ...(abilities.atomic || fencing === "main" ? [] : ["several refs cannot be pushed atomically"]),
  ];
  if (lacking.length === 0) return;
  const words = [...lacking, ...abilities.notes].join("; ");
  const offer = abilities.canPush ? `. ${fencingOffer}` : "";
  throw new TownError("state", `${remote} cannot carry a rig: ${words}${offer}`);
}

const fencingOffer =
  "With --fencing main it can: then the target branch itself says who may land on it, by an " +
  "empty commit at each takeover";

/** What somebody who chose it is to expect. */
function onMain({ target }: Rig): string {
  return (
    `${target} itself says who may land on it: each takeover of the rig's authority pushes an ` +
    "empty commit with the trailer Gastown-Term to it. Where the remote refuses other refs, " +
    "checkpoints are branches gastown/checkpoint/…"
  );
}

function checkPrefix(ledger: Ledger, wanted: Rig): void {
  const clash = rigs(ledger.world).find(({ rig }) => rig.prefix === wanted.prefix);
  if (!clash) return;
  const resource = { type: "prefix", name: wanted.prefix };
  const message = `the prefix ${wanted.prefix} is taken by rig ${clash.rig.name}: give --prefix`;
  throw new TownError("exists", message, { resource });
}

/** Two rigs on one remote would land on one branch under two authorities. */
function checkRemote(ledger: Ledger, wanted: Rig): void {
  const place = remotePlace(wanted.remote);
  const clash = rigs(ledger.world).find(({ rig }) => remotePlace(rig.remote) === place);
  if (!clash) return;
  const resource = { type: "remote", name: wanted.remote };
  throw new TownError("exists", `rig ${clash.rig.name} is on this remote already`, { resource });
}

function shown(ledger: Ledger, rigName: string) {
  const enrolled = rigs(ledger.world).find(({ rig }) => rig.name === rigName);
  if (!enrolled) throw new Error(`rig ${rigName} was written and cannot be read`);
  return create(RigSchema, rigMessage(enrolled, ledger.world));
}
