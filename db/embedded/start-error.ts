// What keeps Kefu from starting and is for a person to mend.

/** Its message alone says what to do; no stack belongs beside it. */
export class StartError extends Error {
  override name = 'StartError'
}
