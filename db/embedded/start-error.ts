// An error that prevents the start and that the operator has to fix.

/** The message alone says what to do, so it is printed without a stack. */
export class StartError extends Error {
  override name = 'StartError'
}
