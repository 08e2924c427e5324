// What the embedded server is told at every start, and the proof by SQL that it took it.

import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { driverOptions } from '../core/connect.ts'
import type { Layout } from './layout.ts'
import { StartError } from './start-error.ts'

/** Kefu's user; the administrator is for people who repair something. */
export const databaseUser = 'kefu'
export const administrator = 'root'
export const databaseName = 'kefu'

/** All that Kefu does to its tables: no files, triggers, procedures, events, users, and no other database. */
const rights = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, LOCK TABLES'

/** Run by the server at each start, before it takes connections; one statement per line. */
export const initStatements = [
  `CREATE USER IF NOT EXISTS '${databaseUser}'@'localhost'`,
  `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${databaseUser}'@'localhost'`,
  `GRANT ${rights} ON \`${databaseName}\`.* TO '${databaseUser}'@'localhost'`,
]
  .map((statement) => `${statement};\n`)
  .join('')

/** It refuses to run as root unless told to. */
const asUser = process.getuid?.() === 0 ? ['--user=root'] : []

/** For making the files as for serving them: the log size is part of the files. */
export function fileOptions(files: string, layout: Layout): string[] {
  return [
    '--no-defaults',
    ...asUser,
    `--datadir=${files}`,
    `--tmpdir=${layout.temporary}`,
    '--innodb-log-file-size=32M',
  ]
}

export function servingOptions(layout: Layout, bufferPool: number): string[] {
  return [
    ...fileOptions(layout.files, layout),
    `--socket=${layout.socket}`,
    `--pid-file=${layout.pid}`,
    `--innodb-buffer-pool-size=${bufferPool}`,
    '--innodb-flush-log-at-trx-commit=1',
    '--sql-mode=STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_unicode_ci',
    '--default-time-zone=+00:00',
    '--transaction-isolation=READ-COMMITTED',
    `--init-file=${layout.initStatements}`,
    '--local-infile=0',
    `--secure-file-priv=${layout.sqlFiles}`,
    '--event-scheduler=OFF',
    '--skip-networking',
    '--skip-name-resolve',
    '--skip-log-bin',
    '--skip-symbolic-links',
    '--performance-schema=OFF',
    '--log-warnings=1',
  ]
}

const expected = {
  innodb_flush_log_at_trx_commit: 1,
  innodb_doublewrite: 1,
  character_set_server: 'utf8mb4',
  time_zone: '+00:00',
  local_infile: 0,
  skip_networking: 1,
} as const

/** An acknowledged message rests on these: a server that runs otherwise is not used. Rejects when the server does not answer yet. */
export async function checkServing(socketPath: string): Promise<void> {
  const names = [...Object.keys(expected), 'sql_mode']
  const connection = await createConnection({
    ...driverOptions({ socketPath, user: databaseUser, database: databaseName }),
    connectTimeout: 2000,
  })
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT ${names.map((name) => `@@GLOBAL.${name} AS ${name}`).join(', ')}`,
    )
    const found: Record<string, unknown> = rows[0] ?? {}
    for (const [name, value] of Object.entries(expected)) {
      if (found[name] !== value)
        throw new StartError(`The embedded database runs with ${name} = ${found[name]} instead of ${value}.`)
    }
    if (!String(found.sql_mode).includes('STRICT_TRANS_TABLES'))
      throw new StartError('The embedded database does not run in strict mode.')
  } finally {
    connection.destroy()
  }
}
