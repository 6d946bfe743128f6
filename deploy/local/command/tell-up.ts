import { joinLine, nextMachine } from "../home/belong.ts";

/** What `gt up` found and did. */
export type UpStory = {
  readonly call: "gt" | "npx gt";
  readonly home: string;
  /** `--home …` with a space before it where `gt` would not find this home by itself. */
  readonly flag: string;
  /** As others reach it. */
  readonly address: string;
  readonly townWasUp: boolean;
  /** The bus: started by this call, running before it, or none at all. */
  readonly bus: "started" | "running" | "none";
  /** The machines that were started by this call. */
  readonly started: readonly string[];
  /** All machines of the home that run now. */
  readonly machines: readonly string[];
  readonly insecure: boolean;
};

/** What people are told after `gt up`; a beginner's next steps only where the town is new. Pure. */
export function upText(story: UpStory): string {
  const { call, flag, home, address, townWasUp, bus, started, machines, insecure } = story;
  const machine = nextMachine(machines);
  const join = `${joinLine(call, { address, machine, insecure })}${flag}`;
  const joining = `Another machine joins it by: ${join}`;
  const ran = machines.filter((name) => !started.includes(name));
  if (townWasUp) {
    const beside = ran.length === 0 ? "" : `, beside ${ran.join(", ")}`;
    const was = `The town was up already at ${address}`;
    const now = [
      ...(bus === "started" ? ["its bus started"] : []),
      ...(started.length === 0 ? [] : [`${machinesText(started)} started${beside}`]),
    ];
    if (now.length === 0) return `${was}, with ${machinesText(machines)}.\n${joining}\n`;
    return `${was}; ${now.join(", ")}.\n${joining}\n`;
  }
  if (ran.length > 0) {
    const others = started.map((name) => `machine ${name}`);
    const anew = ["the town", ...(bus === "started" ? ["its bus"] : []), ...others].join(", ");
    const was = [...(bus === "running" ? ["the bus"] : []), machinesText(ran)].join(", ");
    return `Started ${anew} at ${address}; running already: ${was}.\n${joining}\n`;
  }
  const lines = [
    `The town is up at ${address}, with ${machinesText(machines)}; its home is ${home}.`,
    joining,
    "Next:",
    `  ${call} rig add <name> <path or URL> --gate "npm test"${flag}`,
    `  ${call} create "…" --rig <name>${flag}`,
    `  ${call} sling <bead> --runtime shell --command "…"${flag}`,
    `  ${call} watch${flag}`,
    `  ${call} down${flag}`,
  ];
  return `${lines.join("\n")}\n`;
}

function machinesText(names: readonly string[]): string {
  return names.length === 1 ? `machine ${names[0]}` : `machines ${names.join(", ")}`;
}
