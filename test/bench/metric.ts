import Table from "cli-table3";
import type { Spread } from "./measure.ts";

/** One figure of a benchmark, as `--json` prints it. */
export type Metric = {
  readonly bench: string;
  readonly metric: string;
  readonly ours: number;
  /** The raw limit, measured beside it; absent where there is none. */
  readonly limit?: number;
  /** Ours over the limit. */
  readonly ratio?: number;
  readonly unit: string;
  /** Of the ratio where there is a limit, else in `unit`; absent where a figure only informs. */
  readonly target?: number;
  readonly better: "lower" | "higher";
};

/** A figure with what people want to see beside it. */
export type Finding = {
  readonly metric: Metric;
  readonly spread?: string;
  /** The same cost at several sizes is shown side by side. */
  readonly growth?: Growth;
};

/** A cost, and of how many beads it is. */
export type Growth = { readonly cost: string; readonly beads: number };

/** What a finding is made of. */
export type Measured = {
  readonly bench: string;
  readonly metric: string;
  readonly ours: number | Spread;
  readonly limit?: number | Spread;
  readonly unit: string;
  readonly target?: number;
  readonly better?: "lower" | "higher";
  readonly growth?: Growth;
};

/** Put figures into the one form that all benchmarks print. */
export function finding(measured: Measured): Finding {
  const { bench, metric, unit, target, better = "lower" } = measured;
  const ours = middle(measured.ours);
  const limit = measured.limit === undefined ? undefined : middle(measured.limit);
  return {
    metric: {
      ...{ bench, metric, ours: rounded(ours) },
      ...(limit !== undefined && { limit: rounded(limit), ratio: rounded(ours / limit) }),
      unit,
      ...(target !== undefined && { target }),
      better,
    },
    ...(typeof measured.ours === "object" && { spread: spreadText(measured.ours) }),
    ...(measured.growth && { growth: measured.growth }),
  };
}

/** Whether a figure meets its target; undefined where it has none. */
export function holds({ ours, ratio, target, better }: Metric): boolean | undefined {
  if (target === undefined) return undefined;
  const figure = ratio ?? ours;
  return better === "lower" ? figure <= target : figure >= target;
}

/** The findings as a table for people. */
export function findingsTable(findings: readonly Finding[]): string {
  const table = new Table({
    head: ["metric", "ours", "spread", "limit", "ratio", "target", ""],
    style: { head: [], border: [] },
  });
  for (const { metric, spread = "" } of findings) {
    const { unit, target, better } = metric;
    const bound = `${better === "lower" ? "≤" : "≥"} ${target}`;
    table.push([
      metric.metric,
      `${metric.ours} ${unit}`,
      spread,
      metric.limit === undefined ? "–" : `${metric.limit} ${unit}`,
      metric.ratio === undefined ? "–" : `${metric.ratio}`,
      target === undefined ? "–" : metric.ratio === undefined ? `${bound} ${unit}` : `${bound}×`,
      { true: "holds", false: "misses", undefined: "" }[String(holds(metric))] ?? "",
    ]);
  }
  return table.toString();
}

/** How costs grow with what exists, a row a size; empty where nothing was measured at two. */
export function growthTable(findings: readonly Finding[]): string {
  const grown = findings.flatMap(({ metric, growth }) => (growth ? [{ metric, ...growth }] : []));
  const costs = [...new Set(grown.map(({ cost }) => cost))];
  const sizes = [...new Set(grown.map(({ beads }) => beads))];
  if (sizes.length < 2) return "";
  const table = new Table({ head: ["beads", ...costs], style: { head: [], border: [] } });
  for (const size of sizes) {
    const cells = costs.map((cost) => {
      const found = grown.find((each) => each.cost === cost && each.beads === size);
      return found ? `${found.metric.ours} ${found.metric.unit}` : "";
    });
    table.push([size.toLocaleString("en"), ...cells]);
  }
  return `How costs grow:\n${table.toString()}\n`;
}

function middle(figure: number | Spread): number {
  return typeof figure === "number" ? figure : figure.median;
}

function spreadText({ low, high }: Spread): string {
  return `${rounded(low)} … ${rounded(high)}`;
}

/** Three digits are more than the noise allows. */
function rounded(figure: number): number {
  return Number(figure.toPrecision(3));
}
