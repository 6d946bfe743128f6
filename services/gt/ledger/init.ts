import { hostname } from "node:os";
import { resolve } from "node:path";
import { withoutSecrets } from "#services/git/git-failure.ts";
import { isUrl } from "#services/git/local-path.ts";
import { randomBase36 } from "#services/ledger/ids.ts";
import { type Initialised, initFolder } from "#services/ledger/init-folder.ts";
import type { Session } from "../session.ts";
import { type Declare, example } from "../verb.ts";

type Options = {
  readonly dir?: string;
  readonly machine?: string;
  readonly prefix?: string;
  readonly remote?: string;
};

/** Declare `gt ledger init`. */
export const declare: Declare = (command, act) => {
  command
    .option("--dir <folder>", "the folder, made where it is missing; else here")
    .option("--machine <name>", "the writer's name, which no other writer of the ledger has")
    .option("--prefix <prefix>", "what the ids of its beads begin with")
    .option("--remote <url>", "a git URL or path; machines/<name> there becomes this writer's own")
    .addHelpText(
      "after",
      example(
        "gt ledger init --dir notes --machine laptop",
        "gt ledger init --dir notes --remote git@example.com:team/ledger.git",
      ),
    )
    .action(act(init));
};

async function init(gt: Session, options: Options): Promise<void> {
  const { cwd } = gt.terminal;
  const { dir = ".", remote, ...named } = options;
  const path = resolve(cwd, dir);
  const place =
    remote === undefined || remote === "" || isUrl(remote) ? remote : resolve(cwd, remote);
  const wanted = { ...pick(named), ...(place !== undefined && { remote: place }) };
  const made = await initFolder(path, wanted, inventName, gt.signal);
  const { settings, outcome } = made;
  const shown = {
    ...settings,
    ...(settings.remote && { remote: withoutSecrets(settings.remote) }),
  };
  gt.printValue({ dir: path, outcome, ...shown }, describe(path, { ...made, settings: shown }));
}

function pick({ machine, prefix }: Options) {
  return { ...(machine !== undefined && { machine }), ...(prefix !== undefined && { prefix }) };
}

/** The host may have a rig-agent called as it is, or another folder like this one. */
function inventName(): string {
  const host = hostname().toLowerCase().replace(/\..*$/, "");
  const plain = host.replace(/[^a-z0-9-]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return `${plain.slice(0, 26) || "local"}-${randomBase36(5)}`;
}

function describe(dir: string, { settings, outcome }: Initialised): string {
  const { machine, prefix, remote } = settings;
  const facts = [`${machine} writes it`];
  if (prefix !== undefined) facts.push(`ids begin with ${prefix}-`);
  facts.push(remote === undefined ? "no remote" : `remote ${remote}`);
  const what = {
    made: "initialised a ledger in",
    completed: "completed the ledger in",
    same: "initialised already, nothing changed:",
  }[outcome];
  return `${what} ${dir} (${facts.join(", ")})`;
}
