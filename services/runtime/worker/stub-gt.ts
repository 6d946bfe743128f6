import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// A `gt` for tests of the worker: it answers from a folder instead of a town, and writes down every
// call. `scratch-gt.ts` puts it on a PATH.

const dir = process.env["GT_STUB_DIR"] ?? "";
const args = process.argv.slice(2);
const verb = args.filter((arg) => !arg.startsWith("-"));
const two = verb.slice(0, 2).join(" ");
const three = verb.slice(0, 3).join(" ");

appendFileSync(join(dir, "calls.jsonl"), `${JSON.stringify(args)}\n`);
const refusal = rule("refuse");
const hold = rule("hold");
if (hold !== undefined) setInterval(() => {}, 60_000);
else if (refusal !== undefined) refuse(refusal);
else process.stdout.write(`${JSON.stringify(answer())}\n`);

/** A file `refuse submit` or `hold step done implement` in the folder is a rule for that call. */
function rule(kind: string): string | undefined {
  const names = [three, two, verb[0]].map((name) => join(dir, `${kind} ${name}`));
  const path = names.find((name) => existsSync(name));
  return path === undefined ? undefined : readFileSync(path, "utf8");
}

function refuse(text: string): void {
  const { exitCode, reason, message } = JSON.parse(text);
  process.stderr.write(`gt: a notice for people\n`);
  process.stderr.write(`${JSON.stringify({ error: { reason, message } })}\n`);
  process.exitCode = exitCode;
}

function answer(): unknown {
  const path = join(dir, "hook.json");
  const hook = JSON.parse(readFileSync(path, "utf8"));
  const close = (name: string | undefined) => {
    for (const step of hook.molecule.steps) if (step.name === name) step.state = "done";
    writeFileSync(path, JSON.stringify(hook));
    return {};
  };
  if (two === "mail inbox") return { mail: [{ id: "hq-1", subject: "ASSIGNMENT" }] };
  if (two === "step done") return close(verb[2]);
  if (verb[0] === "submit") return close("submit");
  if (verb[0] === "exit") return close("exit-decision");
  if (verb[0] === "shutdown") return close("request-shutdown");
  return verb[0] === "hook" ? hook : { role: "polecat" };
}
