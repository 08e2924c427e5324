// Applies the server checks before the first table is touched. Each problem is one line of the error.

import type { Connection, RowDataPacket } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { isolation, sessionSettings } from '../core/connect.ts'
import { DatabaseUnavailable } from '../core/errors.ts'
import { findProblems, readServerState, stateQueries, type VariableRow } from '../core/server-checks.ts'
import { StartError } from '../embedded/start-error.ts'

/**
 * Applies the session settings of connect.ts and verifies them. Throws a StartError, or DatabaseUnavailable for a
 * server that cannot write now; returns warnings that do not prevent a start.
 */
export async function checkServer(connection: Connection): Promise<string[]> {
  // A server that is frozen or recovering may accept the connection and then stay silent.
  const ask = async <Row>(sql: string): Promise<Row[]> =>
    (await connection.query<RowDataPacket[]>({ sql, timeout: serverLimits.databaseConnectMs }))[0] as Row[]
  await ask(sessionSettings)
  await ask(isolation)
  const [server] = await ask<{ innodb: number; utf8mb4: number }>(`SELECT
    (SELECT COUNT(*) FROM information_schema.engines WHERE engine = 'InnoDB' AND support IN ('YES', 'DEFAULT')) AS innodb,
    (SELECT COUNT(*) FROM information_schema.collations WHERE collation_name = 'utf8mb4_unicode_ci') AS utf8mb4`)
  const rows: VariableRow[] = []
  for (const query of stateQueries) rows.push(...(await ask<VariableRow>(query)))
  const problems = findProblems(readServerState(rows))
  const linesOf = (severity: (typeof problems)[number]['severity']) =>
    problems.filter((problem) => problem.severity === severity).map(({ line }) => line)
  const refused = linesOf('refused')
  if (server?.innodb !== 1) refused.push('The database server offers no InnoDB, which keeps what was committed.')
  if (server?.utf8mb4 !== 1) refused.push('The database server does not have the collation utf8mb4_unicode_ci.')
  if (refused.length > 0) throw new StartError(refused.join('\n'))
  const unavailable = linesOf('unavailable')
  if (unavailable.length > 0) throw new DatabaseUnavailable(unavailable.join('\n'))
  return linesOf('warning')
}
