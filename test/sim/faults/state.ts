import { diskFaults } from "./disks.ts";
import { editFaults } from "./edits.ts";
import type { Injector } from "./fault.ts";
import { lateFaults } from "./late.ts";
import { townFaults } from "./town.ts";

/** What is wrong with what a town keeps and writes. */
export const stateFaults: readonly Injector[] = [
  ...diskFaults,
  ...editFaults,
  ...lateFaults,
  ...townFaults,
];
