/** What a list of beads can be narrowed by; each given criterion must hold. */
export type BeadCriteria = {
  readonly status?: string | undefined;
  readonly type?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly assignee?: string | undefined;
  readonly parent?: string | undefined;
  readonly rig?: string | undefined;
  readonly machine?: string | undefined;
  readonly text?: string | undefined;
  readonly priority?: number | undefined;
  /** Not before these instants. */
  readonly createdSince?: Date | undefined;
  readonly updatedSince?: Date | undefined;
  readonly closedSince?: Date | undefined;
  /** Where it is kept. */
  readonly tier?: string | undefined;
  /** Closed beads too. */
  readonly all?: boolean | undefined;
  /** An expression of the caller's own. */
  readonly filter?: string | undefined;
};

/** The AIP-160 filter that says the same; empty asks for all open work. */
export function beadFilter(criteria: BeadCriteria): string {
  const { status, type, label = [], assignee, parent, priority, all, filter } = criteria;
  // The town's own beads belong to no rig.
  const rig = criteria.rig === "hq" ? "" : criteria.rig;
  const { machine, text, createdSince, updatedSince, closedSince, tier } = criteria;
  if (filter !== undefined) return filter;
  const terms = [
    ...(status === undefined ? [] : [`status = ${quoted(status)}`]),
    ...(type === undefined ? [] : [`type = ${quoted(type)}`]),
    ...label.map((each) => `label:${quoted(each)}`),
    ...(assignee === undefined ? [] : [`assignee = ${quoted(assignee)}`]),
    ...(parent === undefined ? [] : [`parent = ${quoted(parent)}`]),
    ...(rig === undefined ? [] : [`rig = ${quoted(rig)}`]),
    ...(machine === undefined ? [] : [`machine = ${quoted(machine)}`]),
    ...(text === undefined ? [] : [`text:${quoted(text)}`]),
    ...(priority === undefined ? [] : [`priority = ${priority}`]),
    ...(tier === undefined ? [] : [`tier = ${quoted(tier)}`]),
    ...(createdSince === undefined ? [] : [`created >= "${createdSince.toISOString()}"`]),
    ...(updatedSince === undefined ? [] : [`updated >= "${updatedSince.toISOString()}"`]),
    ...(closedSince === undefined ? [] : [`closed >= "${closedSince.toISOString()}"`]),
  ];
  if (terms.length === 0 && !all) return "";
  // A filter of one's own switches the server's own choice off, so open work is asked for here.
  const isEnded = closedSince !== undefined || (tier !== undefined && tier !== "active");
  if (status === undefined && !isEnded && !all) terms.push("status != closed");
  // Mail, steps and agents are beads, but no work that someone filed; a named type may be theirs.
  if (type === undefined) terms.push("work = true");
  return terms.join(" AND ");
}

/** Words as they are; whatever else in quotes, so that no value can end its own term. */
export function quoted(value: string): string {
  if (/^[A-Za-z][A-Za-z0-9_.-]*$/.test(value) && !/^(AND|OR|NOT)$/.test(value)) return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
