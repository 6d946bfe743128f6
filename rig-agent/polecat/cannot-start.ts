/** A worker that cannot be started, now or later: not worth trying again, a person has to look. */
export class CannotStartError extends Error {
  override readonly name = "CannotStartError";
  /** The end of what was printed meanwhile. */
  readonly output: readonly string[];

  constructor(message: string, output: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.output = output;
  }
}
