// `npm run generate`: docs/faults.md, and proto/gen from proto/. With `--baseline` also the image
// that `buf breaking` compares with; it moves with a release only, since it is what callers out
// there rely on.

import { command } from "./command.ts";
import { writeFaultsPage } from "./sim/read-standings.ts";

await writeFaultsPage();

const steps = [["generate"]];
if (process.argv.includes("--baseline")) steps.push(["build", "-o", "proto/baseline.binpb"]);

for (const args of steps) {
  const { ok, output } = await command("buf", ...args);
  process.stdout.write(output);
  process.stdout.write(`buf ${args.join(" ")}: ${ok ? "ok" : "failed"}\n`);
  if (ok) continue;
  process.exitCode = 1;
  break;
}
