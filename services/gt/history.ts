import { create } from "@bufbuild/protobuf";
import { AuditService, ListBeadHistoryResponseSchema } from "#proto/gastown/v1/audit_service_pb.ts";
import { historyLines } from "./audit-view.ts";
import type { Session } from "./session.ts";
import { type Declare, example } from "./verb.ts";

/** Declare `gt history`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<id>", "the bead's id, former id or uid")
    .addHelpText("after", example("gt history alpha-k3f9", "gt history alpha-k3f9 --json"))
    .action(act(history));
};

const pageMax = 1_000;

async function history(gt: Session, id: string): Promise<void> {
  const all = create(ListBeadHistoryResponseSchema);
  do {
    const request = { id, pageSize: pageMax, pageToken: all.nextPageToken };
    const page = await gt.call(AuditService.method.listBeadHistory, request);
    all.entries.push(...page.entries);
    all.nextPageToken = page.nextPageToken;
  } while (all.nextPageToken !== "");
  await gt.print(ListBeadHistoryResponseSchema, all, ({ entries }) =>
    historyLines(entries, gt.terminal),
  );
}
