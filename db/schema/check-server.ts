// Checks the database server's version and settings before the first table is touched. Each problem is one line of the
// error.

import type { Connection, RowDataPacket } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { isolation, sessionSettings } from '../core/connect.ts'
import { StartError } from '../embedded/start-error.ts'

/** Minimum versions: atomic DDL, SKIP LOCKED, and a valid schema. */
const minimumVersions = { MariaDB: [10, 6, 0], MySQL: [8, 0, 28] } as const
/** Upper bound of a writer batch as SQL text: quoting may double it, and there are other columns beside the content. */
const packetBytes = 4 * serverLimits.writerBatchBytes

/**
 * Applies the session settings of connect.ts and verifies them. Throws a StartError; returns warnings that do not
 * prevent a start.
 */
export async function checkServer(connection: Connection): Promise<string[]> {
  await connection.query(sessionSettings)
  await connection.query(isolation)
  const [[server]] = await connection.query<RowDataPacket[]>(`SELECT VERSION() AS version,
    (SELECT COUNT(*) FROM information_schema.engines WHERE engine = 'InnoDB' AND support IN ('YES', 'DEFAULT')) AS innodb,
    (SELECT COUNT(*) FROM information_schema.collations WHERE collation_name = 'utf8mb4_unicode_ci') AS utf8mb4`)
  const [rows] = await connection.query<
    RowDataPacket[]
  >(`SHOW VARIABLES WHERE Variable_name IN ('sql_mode', 'tx_isolation',
    'transaction_isolation', 'log_bin', 'binlog_format', 'auto_increment_increment', 'max_allowed_packet',
    'character_set_connection', 'innodb_flush_log_at_trx_commit')`)
  const variables = new Map(rows.map((row) => [String(row.Variable_name), String(row.Value)]))
  const version = String(server?.version)
  const brand = version.includes('MariaDB') ? 'MariaDB' : 'MySQL'
  const current = (name: string) => `The database server has ${name} = ${variables.get(name)}`

  const checks: [isOk: boolean, problem: string][] = [
    [
      isAtLeast(version, minimumVersions[brand]),
      `${brand} ${minimumVersions[brand].join('.')} or later is needed; this database server is ${version}.`,
    ],
    [server?.innodb === 1, 'The database server offers no InnoDB, which keeps what was committed.'],
    [
      server?.utf8mb4 === 1 && variables.get('character_set_connection') === 'utf8mb4',
      'The database server cannot speak utf8mb4, without which emoji are lost.',
    ],
    [
      variables.get('sql_mode')?.includes('STRICT_TRANS_TABLES') === true,
      'The database server does not let us set strict mode, without which it cuts text silently.',
    ],
    [
      (variables.get('transaction_isolation') ?? variables.get('tx_isolation')) === 'READ-COMMITTED',
      'The database server does not let us set the isolation level READ COMMITTED.',
    ],
    [
      variables.get('log_bin') !== 'ON' || variables.get('binlog_format') !== 'STATEMENT',
      `${current('binlog_format')}, which refuses writes in READ COMMITTED; set it to ROW or MIXED.`,
    ],
    [
      variables.get('auto_increment_increment') === '1',
      `${current('auto_increment_increment')}; it must be 1, since ids of several new rows are counted from the first.`,
    ],
    [
      Number(variables.get('max_allowed_packet')) >= packetBytes,
      `${current('max_allowed_packet')}; it must be ${packetBytes} or more, since messages are written in batches.`,
    ],
  ]
  const problems = checks.filter(([isOk]) => !isOk).map(([, problem]) => problem)
  if (problems.length > 0) throw new StartError(problems.join('\n'))

  if (variables.get('innodb_flush_log_at_trx_commit') === '1') return []
  return [
    `${current('innodb_flush_log_at_trx_commit')}; unless it is 1 an acknowledged message may be lost with the server.`,
  ]
}

/** Compares a version such as 10.11.19-MariaDB with a minimum. */
export function isAtLeast(version: string, minimum: readonly number[]): boolean {
  const parts = version.split(/[.-]/, 3).map(Number)
  const differing = minimum.findIndex((part, index) => parts[index] !== part)
  return differing === -1 || (parts[differing] ?? 0) > (minimum[differing] ?? 0)
}
