// What Kefu expects of its database server, as one table of checks. The start applies them, and so does each new
// connection and an interval (server-watch.ts), since servers change: failover, SET GLOBAL, a growing cluster.

import { serverLimits } from '#protocol/limits/server.ts'
import { identityStatuses, identityVariables } from './server-identity.ts'

/** Upper bound of a writer batch as SQL text: quoting may double it, and there are other columns beside the content. */
const packetBytes = 4 * serverLimits.writerBatchBytes
/** Minimum versions: atomic DDL, SKIP LOCKED, and a valid schema. */
const minimumVersions = { MariaDB: [10, 6, 0], MySQL: [8, 0, 28] } as const

/** The server's version, variables and Galera status as this session sees them. */
export interface ServerState {
  version: string
  brand: 'MariaDB' | 'MySQL'
  /** A variable or a Galera status; undefined if this server has none of that name. */
  value(name: string): string | undefined
}

export interface ServerProblem {
  /**
   * `refused`: Kefu does not start on such a server. `unavailable`: the server cannot serve now, but may later.
   * `warning`: logged.
   */
  severity: 'refused' | 'unavailable' | 'warning'
  line: string
}

interface ServerCheck {
  severity: ServerProblem['severity']
  /** The problem's line, or null. */
  find(server: ServerState): string | null
}

const unless = (isOk: boolean, line: string) => (isOk ? null : line)
const isOn = (server: ServerState, name: string) => !['OFF', '0', undefined].includes(server.value(name)?.toUpperCase())
const current = (server: ServerState, name: string) => `The database server has ${name} = ${server.value(name)}`

const checks: readonly ServerCheck[] = [
  {
    severity: 'refused',
    find: ({ version, brand }) =>
      unless(
        isAtLeast(version, minimumVersions[brand]),
        `${brand} ${minimumVersions[brand].join('.')} or later is needed; this database server is ${version}.`,
      ),
  },
  {
    severity: 'refused',
    find: (server) =>
      unless(
        server.value('character_set_connection') === 'utf8mb4',
        'The database server cannot speak utf8mb4, without which emoji are lost.',
      ),
  },
  {
    severity: 'refused',
    find: (server) =>
      unless(
        server.value('sql_mode')?.includes('STRICT_TRANS_TABLES') === true,
        'The database server does not let us set strict mode, without which it cuts text silently.',
      ),
  },
  {
    severity: 'refused',
    find: (server) =>
      unless(
        (server.value('transaction_isolation') ?? server.value('tx_isolation')) === 'READ-COMMITTED',
        'The database server does not let us set the isolation level READ COMMITTED.',
      ),
  },
  {
    severity: 'refused',
    find: (server) =>
      unless(
        !isOn(server, 'log_bin') || server.value('binlog_format') !== 'STATEMENT',
        `${current(server, 'binlog_format')}, which refuses writes in READ COMMITTED; set it to ROW or MIXED.`,
      ),
  },
  {
    severity: 'refused',
    find: (server) =>
      unless(
        Number(server.value('max_allowed_packet')) >= packetBytes,
        `${current(server, 'max_allowed_packet')}; it must be ${packetBytes} or more, since messages are written in batches.`,
      ),
  },
  {
    severity: 'unavailable',
    find: (server) => {
      const name = readOnlyVariables.find((variable) => isOn(server, variable))
      return unless(name === undefined, `${current(server, name ?? '')}, so nothing can be written.`)
    },
  },
  {
    severity: 'unavailable',
    find: (server) =>
      unless(
        !isOn(server, 'wsrep_on') ||
          (isOn(server, 'wsrep_ready') && (server.value('wsrep_cluster_status') ?? 'Primary') === 'Primary'),
        'The database server is a Galera node that is not ready: it has not joined its cluster, or has no majority.',
      ),
  },
  {
    severity: 'warning',
    find: (server) =>
      unless(
        server.value('innodb_flush_log_at_trx_commit') === '1',
        `${current(server, 'innodb_flush_log_at_trx_commit')}; unless it is 1 an acknowledged message may be lost with the server.`,
      ),
  },
]

const readOnlyVariables = [
  'read_only',
  'super_read_only',
  'innodb_read_only',
  'offline_mode',
  'transaction_read_only',
  'tx_read_only',
] as const

const variables = [
  'version',
  'character_set_connection',
  'sql_mode',
  'transaction_isolation',
  'tx_isolation',
  'log_bin',
  'binlog_format',
  'max_allowed_packet',
  'innodb_flush_log_at_trx_commit',
  'wsrep_on',
  ...readOnlyVariables,
  ...identityVariables,
]
const statuses = [...identityStatuses, 'wsrep_ready', 'wsrep_cluster_status', 'wsrep_cluster_size']

const listOf = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

/** Each returns rows of Variable_name and Value; readServerState takes the rows of both. */
export const stateQueries = [
  `SHOW VARIABLES WHERE Variable_name IN (${listOf(variables)})`,
  `SHOW STATUS WHERE Variable_name IN (${listOf(statuses)})`,
] as const

export interface VariableRow {
  Variable_name: string
  Value: string
}

export function readServerState(rows: readonly VariableRow[]): ServerState {
  const values = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]))
  const version = values.get('version') ?? ''
  return {
    version,
    brand: version.includes('MariaDB') ? 'MariaDB' : 'MySQL',
    value: (name) => values.get(name),
  }
}

export function findProblems(server: ServerState): ServerProblem[] {
  return checks.flatMap(({ severity, find }) => {
    const line = find(server)
    return line === null ? [] : [{ severity, line }]
  })
}

/** Compares a version such as 10.11.19-MariaDB with a minimum. */
export function isAtLeast(version: string, minimum: readonly number[]): boolean {
  const parts = version.split(/[.-]/, 3).map(Number)
  const differing = minimum.findIndex((part, index) => parts[index] !== part)
  return differing === -1 || (parts[differing] ?? 0) > (minimum[differing] ?? 0)
}
