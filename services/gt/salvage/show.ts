import {
  type GetSalvageResponse,
  type Salvage,
  SalvageService,
} from "#proto/gastown/v1/salvage_service_pb.ts";
import { ago } from "../elapsed.ts";
import { facts } from "../facts.ts";
import { oneLine, plainLines } from "../one-line.ts";
import type { Terminal } from "../terminal.ts";
import { type Declare, example } from "../verb.ts";
import { holding, paintSalvage, salvageTimeoutMs } from "./salvage-view.ts";

/** Declare `gt salvage show`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<name>", "<bead>@<epoch>, or the bead's id where there is one alone")
    .option("--patch", "the patch alone")
    .addHelpText("after", example("gt salvage show alpha-k3f9@4.2"))
    .action(
      act(async (gt, name: string, { patch = false }: { patch?: boolean }) => {
        const method = SalvageService.method.getSalvage;
        const raw = (text: string) =>
          gt.terminal.isTty ? plainLines(text.trimEnd()).join("\n") : text;
        const text = (response: GetSalvageResponse) =>
          patch ? raw(response.patch) : page(response, gt.terminal);
        await gt.tell(method, { name }, text, { timeoutMs: salvageTimeoutMs });
      }),
    );
};

function page({ salvage, patch, isCut }: GetSalvageResponse, terminal: Terminal): string {
  if (salvage === undefined) return "";
  const shown = plainLines(patch.trimEnd());
  return [
    head(salvage, terminal),
    ...(patch === "" ? [] : ["", ...shown]),
    ...(isCut ? ["", `the patch is longer: git show ${salvage.commit}`] : []),
  ].join("\n");
}

function head(salvage: Salvage, { paint, nowMs }: Terminal): string {
  const { bead, epoch, refs, releasedBy, releaseTime } = salvage;
  const released = releasedBy === "" ? "" : `${ago(releaseTime, nowMs())} by ${releasedBy}`;
  return [
    `${paint.bold(oneLine(salvage.name))}  ${paintSalvage(salvage.state, paint)}`,
    facts([
      ["Bead", `${bead} (epoch ${epoch})`],
      ["Rig", salvage.rig],
      ["Holds", holding(salvage)],
      ["Commit", salvage.commit],
      ["Saved", ago(salvage.saveTime, nowMs())],
      ...refs.map((ref) => ["Ref", ref] as const),
      ["Released", released],
    ]),
  ].join("\n");
}
