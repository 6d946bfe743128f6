/** A call that makes no sense as it stands; nothing was asked of anybody. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
