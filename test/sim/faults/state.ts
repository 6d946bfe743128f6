import type { Injector } from "./fault.ts";

export const stateFaults: readonly Injector[] = [];
