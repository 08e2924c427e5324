// Splits an SQL file into statements without comments. Semicolons inside quotes or comments do not count.

const quoted = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`/
const comment = /--(?=\s|$)[^\n]*|#[^\n]*|\/\*.*?\*\//
const pieces = new RegExp(`${quoted.source}|(?<comment>${comment.source})|(?<open>['"\`]|/\\*)|[^'"\`#/;-]+|.`, 'gs')

/** Throws if a quote or a comment is unterminated. */
export function splitStatements(text: string): string[] {
  const statements = ['']
  for (const { 0: piece, groups } of text.matchAll(pieces)) {
    if (groups?.open) throw new Error(`the SQL leaves ${groups.open} open after: ${statements.at(-1)?.slice(-60)}`)
    if (piece === ';') statements.push('')
    else statements.push(statements.pop() + (groups?.comment === undefined ? piece : ' '))
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '')
}
