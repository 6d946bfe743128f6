import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import {
  type Check,
  CheckSchema,
  DiagnoseResponseSchema,
  TownService,
} from "#proto/gastown/v1/town_service_pb.ts";
import { isTownError } from "#services/rpc/town-error.ts";
import { exitCodes, failureOf, upCall } from "./failure.ts";
import type { Place } from "./find-town.ts";
import { oneLine } from "./one-line.ts";
import type { Session } from "./session.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt doctor`. */
export const declare: Declare = (command, act) => {
  command.addHelpText("after", example("gt doctor")).action(act(doctor));
};

/** The town's own checks come after those that hold without one, since it may not answer. */
async function doctor(gt: Session): Promise<void> {
  const places = await gt.places();
  const here = [await checkGit(), checkPlaces(places)];
  const asked = places.length === 0 ? { reached: false, checks: [] } : await askTown(gt);
  const checks = [...here, ...asked.checks];
  const response = create(DiagnoseResponseSchema, { checks });
  await gt.print(DiagnoseResponseSchema, response, () => page(checks, gt.terminal));
  if (!asked.reached) gt.leaveWith(exitCodes.unreachable);
  else if (checks.some(({ ok }) => !ok)) gt.leaveWith(exitCodes.refused);
}

async function askTown(gt: Session): Promise<{ reached: boolean; checks: Check[] }> {
  try {
    const { checks } = await gt.call(TownService.method.diagnose, {}, { timeoutMs: 60_000 });
    const silent = silentTown(await gt.places(), gt.answerer());
    return { reached: !silent, checks: silent ? [silent, ...checks] : checks };
  } catch (error) {
    if (!isTownError(error, "unavailable", "timeout")) throw error;
    const { message, remedy = "" } = failureOf(error);
    return {
      reached: false,
      checks: [create(CheckSchema, { name: "town", detail: message, remedy })],
    };
  }
}

/** A rig-agent that answers in the town's place finds nothing wrong with itself. */
function silentTown([first]: readonly Place[], answerer: Place | undefined): Check | undefined {
  if (first === undefined || answerer === undefined || answerer === first) return undefined;
  const detail = `${first.what} does not answer; ${answerer.what} did`;
  const remedy = `start it with ${upCall}`;
  return create(CheckSchema, { name: "town", detail, remedy });
}

async function checkGit(): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)("git", ["--version"]);
    return create(CheckSchema, { name: "git here", ok: true, detail: stdout.trim() });
  } catch {
    const remedy = "install git 2.39 or newer";
    return create(CheckSchema, { name: "git here", detail: "git does not run", remedy });
  }
}

function checkPlaces(places: readonly Place[]): Check {
  const detail = places.map(({ what }) => what).join(", then ");
  const remedy = places.length > 0 ? "" : "start a town with `gt up`, or name one with --town";
  const ok = places.length > 0;
  return create(CheckSchema, { name: "who to ask", ok, detail: detail || "nobody known", remedy });
}

function page(checks: readonly Check[], { paint }: Terminal): string {
  const rows = checks.map(({ ok, name, detail, remedy }) => [
    ok ? paint.green("✓") : paint.red("✗"),
    oneLine(name),
    oneLine(ok || remedy === "" ? detail : `${detail}: ${remedy}`),
  ]);
  return table([{ head: "" }, { head: "" }, { head: "" }], rows, Number.POSITIVE_INFINITY);
}
