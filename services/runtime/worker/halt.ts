/** The worker cannot go on by itself: a human has to judge, and this is what they read. */
export class Halt extends Error {
  override readonly name = "Halt";
}
