import { TownError } from "#services/rpc/town-error.ts";

const full = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const refused = new Set(["EROFS", "EACCES", "EPERM"]);

/** Whether a write failed only because there is no room: it may work once there is. */
export function isDiskFull(error: unknown): boolean {
  return full.has(codeOf(error));
}

/** What a failed write to `dir` means: `exhausted` without room, `state` where nobody may write. */
export function diskError(error: unknown, dir: string): unknown {
  const code = codeOf(error);
  if (isDiskFull(error)) {
    const what = `no space left on the disk (${code}): ${dir} takes no more events until there is`;
    return new TownError("exhausted", what, { cause: error });
  }
  if (!refused.has(code)) return error;
  return new TownError("state", `cannot write to ${dir} (${code})`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : "";
}
