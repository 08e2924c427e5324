// Parses the server program's output.

/** The line with the cause, not the generic ones about aborting that follow it. */
export function lastError(output: string): string {
  const lines = output.trim().split('\n')
  const errors = lines.filter(
    (line) =>
      /\[ERROR\]|^ERROR:/.test(line) && !/Aborting|init function returned error|registration as a STORAGE/.test(line),
  )
  return errors.at(-1) ?? lines.at(-1) ?? ''
}
