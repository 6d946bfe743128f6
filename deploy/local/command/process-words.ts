/** What a process of a home is, in words for people: by the name that town.json or it has. Pure. */
export function processWords(name: string): string {
  const [, machine] = /^machines\/(.+)$/.exec(name) ?? [];
  if (machine !== undefined) return `machine ${machine}`;
  const [, rig, polecat] = /^rigs\/([^/]+)\/polecats\/(.+)$/.exec(name) ?? [];
  if (polecat !== undefined) return `polecat ${polecat} of ${rig}`;
  const [, pid] = /^pid (\d+)$/.exec(name) ?? [];
  if (pid !== undefined) return `a process left behind (pid ${pid})`;
  return words[name] ?? name;
}

const words: Readonly<Record<string, string>> = {
  demo: "the demo",
  town: "the town",
  nats: "its NATS server",
};
