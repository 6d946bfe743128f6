import { isTownError, type TownError } from "#services/rpc/town-error.ts";

/** Wait for something whose expected failure is looked at later. */
export async function attempt(run: Promise<unknown>): Promise<TownError | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    if (isTownError(error)) return error;
    throw error;
  }
}
