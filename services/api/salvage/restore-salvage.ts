import { z } from "zod";
import { SalvageService } from "#proto/gastown/v1/salvage_service_pb.ts";
import { pushToBranch } from "#services/git/salvage.ts";
import { type Bead, isHeld } from "#services/ledger/bead.ts";
import { addComment, setFields } from "#services/ledger/drafts.ts";
import type { Draft } from "#services/ledger/event.ts";
import { requestKey } from "#services/ledger/ids.ts";
import { releasedField, resumeField } from "#services/ledger/salvage.ts";
import { judgeSalvage } from "#services/ledger/salvage-state.ts";
import type { MethodImpl } from "#services/rpc/method.ts";
import { check, invalid, name } from "../check.ts";
import { refusedState } from "../find-bead.ts";
import { mutate } from "../mutate.ts";
import { reopening } from "../work/reopen-bead.ts";
import { type FoundSalvage, findSalvage } from "./read-salvage.ts";
import { salvageName, showSalvage } from "./salvage-message.ts";
import type { SalvagePorts } from "./salvage-ports.ts";

type RestoreSalvage = MethodImpl<typeof SalvageService.method.restoreSalvage>;

const Request = z.object({ branch: name });

/** Have a bead's next attempt go on from left work, or put that on a branch of its own. */
export function restoreSalvage(ports: SalvagePorts): RestoreSalvage {
  const { ledger } = ports;
  const { world } = ledger;
  return async (request, context) => {
    const { branch } = check(Request, request);
    const method = SalvageService.method.restoreSalvage;
    const salvage = await findSalvage(ports, request.name, context.signal);
    const key = requestKey(context.principal, context.requestId);
    if (branch !== "" && !world.requested(key)) await putOn(branch, salvage, context.signal);
    await mutate(ledger, method, request, context, ({ principal, derive }) => {
      const bead = world.bead(salvage.bead.uid) ?? salvage.bead;
      const drafts =
        branch === ""
          ? goOnFrom(salvage, bead, principal)
          : told(salvage, bead, { branch, by: principal, id: derive(12, "comment") });
      return { bead: bead.uid, drafts };
    });
    const found = judgeSalvage([salvage.found.work], world)[0] ?? salvage.found;
    return { salvage: await showSalvage(found, salvage.place, world) };
  };
}

/** A branch of our own kind would be taken for another attempt, and collected as one. */
async function putOn(branch: string, salvage: FoundSalvage, signal: AbortSignal): Promise<void> {
  if (/^(refs|polecat|gastown)\//.test(branch)) {
    const description = "must be a branch's short name, not under polecat/ or gastown/";
    throw invalid([{ field: "branch", description }]);
  }
  const { commit } = salvage.found.work.refs[0];
  await pushToBranch({ repoDir: salvage.place.repoDir, commit, branch, signal });
}

/** A closed bead is opened again by the same request: a worker may take it at once. */
function goOnFrom({ found }: FoundSalvage, bead: Bead, by: string): Draft[] {
  const { epoch, refs } = found.work;
  if (bead.deleted) throw refusedState(bead.id, `${bead.id} was deleted; --branch still works`);
  const isClosed = bead.status === "closed";
  if (isHeld(bead) && !isClosed) {
    const { polecat, machine } = bead.claim ?? { polecat: "somebody", machine: "" };
    const holder = `${polecat} on ${machine} works on ${bead.id}`;
    throw refusedState(
      bead.id,
      `${holder}: close it first, this opens it again; or restore to a branch`,
    );
  }
  const resume = { epoch, commit: refs[0].commit, claim: bead.claim?.epoch ?? "", by };
  // What is wanted again is not let go of any more.
  const wanted = setFields(bead.uid, { [resumeField.name]: resume, [releasedField(epoch)]: null });
  const why = `to go on from ${salvageName(bead.id, epoch)}`;
  return isClosed ? [wanted, ...reopening(bead, why)] : [wanted];
}

/** Told once, however often the same commit is put on the same branch. */
function told(
  { found }: FoundSalvage,
  bead: Bead,
  { branch, by, id }: { readonly branch: string; readonly by: string; readonly id: string },
): Draft[] {
  const { epoch, refs } = found.work;
  const what = `${salvageName(bead.id, epoch)} (${refs[0].commit.slice(0, 12)})`;
  const text = `restored ${what} to branch ${branch}`;
  if (bead.comments.some((comment) => comment.text === text)) return [];
  return [addComment(bead.uid, { author: by, text, id })];
}
