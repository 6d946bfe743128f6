import type { Bus } from "./bus.ts";
import { connectNatsBus } from "./bus-nats.ts";
import { noBus } from "./bus-none.ts";

/** The bus that a process was given: NATS at `url`, up or not, or none where there is no url. */
export async function openBus(options: {
  readonly url: string | undefined;
  readonly name: string;
  readonly town: string;
  readonly notice: (text: string) => void;
}): Promise<Bus> {
  const { url, ...rest } = options;
  return url === undefined || url === "" ? noBus() : connectNatsBus({ url, ...rest });
}
