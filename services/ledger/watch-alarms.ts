import type { Alarm, Ledger } from "./ledger.ts";

/**
 * Log a ledger's alarms, those of its opening too. Once nothing can be made durable any more,
 * or what is not in memory cannot be read, the process ends at once: whoever starts it again finds
 * all that was acknowledged.
 */
export function watchAlarms(
  ledger: Pick<Ledger, "alarms" | "onAlarm">,
  log: { readonly warn: (alarm: Alarm, message: string) => void },
): void {
  const tell = (alarm: Alarm) => {
    log.warn(alarm, "ledger alarm");
    if (alarm.kind !== "disk-failed" && alarm.kind !== "damaged-checkpoint") return;
    process.stderr.write(`${alarm.detail}\n`);
    process.exit(1);
  };
  for (const alarm of ledger.alarms()) tell(alarm);
  ledger.onAlarm(tell);
}
