/** What can be taken away, so that the simulator shows that it would notice. */
export const protections = [
  "fencing",
  "epoch-check",
  "durable-append",
  "salvage",
  "dedupe",
  "gap-repair",
  "storm-brake",
  "grace",
  "close-after-land",
  "single-landing",
] as const;

/** The name of one protection. */
export type Protection = (typeof protections)[number];

/** A protection by its name. */
export function protectionNamed(name: string): Protection | undefined {
  return protections.find((each) => each === name);
}
