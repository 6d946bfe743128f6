import type { Finding } from "../metric.ts";
import type { Settings } from "../settings.ts";
import { benchAppend } from "./append.ts";
import { benchSize } from "./size.ts";
import { benchSync } from "./sync.ts";

/** Durable appends, sync over git, cold start, `ready` and memory. */
export async function* benchLedger(settings: Settings): AsyncIterable<Finding> {
  yield* benchAppend(settings);
  yield* benchSync(settings);
  for (const count of settings.sizes) yield* benchSize(settings, count);
}
