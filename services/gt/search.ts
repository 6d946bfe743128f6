import { WorkService } from "#proto/gastown/v1/work_service_pb.ts";
import { statusText } from "./bead-view.ts";
import { oneLine } from "./one-line.ts";
import { count } from "./options.ts";
import { table } from "./table.ts";
import { type Declare, example } from "./verb.ts";

type Options = { readonly all?: boolean; readonly number: number };

/** Declare `gt search`. */
export const declare: Declare = (command, act) => {
  command
    .argument("<text...>", "words, all of which must be there")
    .option("-a, --all", "closed beads of all tiers, mail, steps and agents too")
    .option("-n, --number <count>", "at most this many", count, 50)
    .addHelpText("after", example("gt search login page", `gt search '"not found"' --all`))
    .action(
      act(async (gt, words: string[], { all = false, number }: Options) => {
        const { paint, columns } = gt.terminal;
        const request = { query: words.join(" "), all, pageSize: number };
        await gt.tell(WorkService.method.searchBeads, request, ({ hits, totalSize }) => {
          if (hits.length === 0) return all ? "nothing is found" : "nothing is found; try --all";
          const rows = hits.map(({ bead, field, excerpt }) => {
            const { id = "", status = "", ready = false, tier = "", title = "" } = bead ?? {};
            const isTitle = field === "title" || field === "id";
            return [
              oneLine(id),
              statusText({ status, ready, tier }, paint),
              oneLine(isTitle ? title : `${title} · ${field}: ${excerpt}`),
            ];
          });
          const heads = [{ head: "ID" }, { head: "STATUS" }, { head: "FOUND", gives: true }];
          const rest = totalSize - hits.length;
          return `${table(heads, rows, columns())}${rest > 0 ? `\n… ${rest} more` : ""}`;
        });
      }),
    );
};
