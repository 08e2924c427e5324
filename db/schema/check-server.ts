// What Kefu relies on in a database server, asked of the server itself before the first table is touched.
// Each thing that is wrong is one clear line.

import type { Connection, RowDataPacket } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { isolation, sessionSettings } from '../core/connect.ts'
import { StartError } from '../embedded/start-error.ts'

/** The oldest servers on which changes of tables are atomic, SKIP LOCKED works and the schema is valid. */
const oldest = { MariaDB: [10, 6, 0], MySQL: [8, 0, 28] } as const
/** A batch of messages as SQL text: quoting doubles it at worst, and there are other columns beside the text. */
const packetBytes = 4 * serverLimits.writerBatchBytes

/** Sets the session as connect.ts does and looks whether it took. Throws StartError; answers what should be said but need not stop. */
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
  const found = (name: string) => `The database server has ${name} = ${variables.get(name)}`

  const checks: [fine: boolean, otherwise: string][] = [
    [
      isAtLeast(version, oldest[brand]),
      `${brand} ${oldest[brand].join('.')} or later is needed; this database server is ${version}.`,
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
      `${found('binlog_format')}, which refuses writes in READ COMMITTED; set it to ROW or MIXED.`,
    ],
    [
      variables.get('auto_increment_increment') === '1',
      `${found('auto_increment_increment')}; it must be 1, since ids of several new rows are counted from the first.`,
    ],
    [
      Number(variables.get('max_allowed_packet')) >= packetBytes,
      `${found('max_allowed_packet')}; it must be ${packetBytes} or more, since messages are written in batches.`,
    ],
  ]
  const wrong = checks.filter(([fine]) => !fine).map(([, otherwise]) => otherwise)
  if (wrong.length > 0) throw new StartError(wrong.join('\n'))

  if (variables.get('innodb_flush_log_at_trx_commit') === '1') return []
  return [
    `${found('innodb_flush_log_at_trx_commit')}; unless it is 1 an acknowledged message may be lost with the server.`,
  ]
}

/** Whether a version such as 10.11.19-MariaDB is not older than the oldest. */
export function isAtLeast(version: string, oldestParts: readonly number[]): boolean {
  const parts = version.split(/[.-]/, 3).map(Number)
  const differing = oldestParts.findIndex((part, index) => parts[index] !== part)
  return differing === -1 || (parts[differing] ?? 0) > (oldestParts[differing] ?? 0)
}
