import type { Alarm } from "#services/ledger/ledger.ts";

/**
 * What to do where some of the ledger is missing or damaged; undefined where nothing is.
 *
 * @param dir the folder that has it; else the town's, which the reader is to name
 */
export function damageRemedy(
  alarms: readonly Pick<Alarm, "kind">[],
  dir?: string,
): string | undefined {
  const remedies = lasting.filter(([kind]) => alarms.some((alarm) => alarm.kind === kind));
  if (remedies.length === 0) return undefined;
  const verify = `gt ledger verify${dir === undefined ? "" : ` --dir ${dir}`}`;
  const each = remedies.map(([kind, what]) => `${kind}: ${what}`);
  return `${verify} names each line. ${each.join(". ")}`;
}

const lasting: readonly (readonly [Alarm["kind"], string])[] = [
  ["gap", "sync where the missing events were written, then here; their writer waits until then"],
  ["bad-line", "put back that line as it was pushed (git log in ledger.git), or a backup's file"],
  ["fork", "both events count; let each disk write under a machine's name of its own"],
];
