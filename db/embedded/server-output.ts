// What the server program says of its own troubles.

/** The line that tells why it ended, rather than those after it that only say that it does. */
export function lastError(output: string): string {
  const lines = output.trim().split('\n')
  const errors = lines.filter(
    (line) =>
      /\[ERROR\]|^ERROR:/.test(line) && !/Aborting|init function returned error|registration as a STORAGE/.test(line),
  )
  return errors.at(-1) ?? lines.at(-1) ?? ''
}
