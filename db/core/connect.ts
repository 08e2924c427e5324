// Opens the database: sessions in UTC, strict, READ COMMITTED; times as ISO strings, TINYINT(1) as boolean.
// Every wait has a deadline, since mysql2 reports neither a result nor an error when a server hangs.

import { Kysely, MysqlDialect, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import { createPool, type Pool, type PoolOptions, type TypeCastField } from 'mysql2'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Database, Tables } from './database.ts'
import { DatabaseOverloaded, DatabaseUnavailable, isConnectionError, isQueueFull } from './errors.ts'
import { type PipelinedConnection, pipelineStatements } from './pipelining.ts'
import { createServerWatch, type ReportServer, type ServerWatch, setServerWatch } from './server-watch.ts'
import { setPipelinePool } from './transaction.ts'

/** A URL (mysql://user:password@host:port/name?socketPath=…), or the embedded server's private socket. */
export type DatabaseAddress = { url: string } | { socketPath: string; user: string; database: string }

export interface ConnectOptions {
  connections?: number
  /** Deadline of one statement in milliseconds. Maintenance (migrations, restore) needs more than requests get. */
  queryMs?: number
  /** Watches the server's settings as long as the database is open, and receives each change. */
  onServerProblem?: ReportServer
}

export const sessionSettings = `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = ${serverLimits.databaseLockWaitSeconds},
  sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`
export const isolation = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'

/**
 * Opens up to `connections`, plus serverLimits.pipelineConnections for transactions in one round trip; each on demand.
 */
export function connectDatabase(address: DatabaseAddress, options: ConnectOptions = {}): Database {
  const queryMs = options.queryMs ?? serverLimits.databaseQueryMs
  const { connections = serverLimits.databaseConnections, onServerProblem } = options
  const watch = onServerProblem && createServerWatch(onServerProblem)
  const server: ServerKind = { joinsStatements: false }
  const pool = withDeadlines(openPool(address, connections, server, watch), queryMs, server, pipelineStatements)
  const pipelinePool = withDeadlines(
    openPool(address, serverLimits.pipelineConnections, server, watch, ['SET SESSION autocommit = 0']),
    queryMs,
    server,
  )
  watch?.start(pool)
  const end: MysqlPool['end'] = (callback) => {
    watch?.stop()
    pipelinePool.end(() => pool.end(callback))
  }
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: { ...pool, end } }) })
  setPipelinePool(db, pipelinePool)
  if (watch) setServerWatch(db, watch)
  return db
}

/** See PipelinedConnection. False until the first connection has answered that it is not a Galera node. */
interface ServerKind {
  joinsStatements: boolean
}

function openPool(
  address: DatabaseAddress,
  connections: number,
  server: ServerKind,
  watch: ServerWatch | undefined,
  moreSettings: readonly string[] = [],
): Pool {
  const pool = createPool({
    ...driverOptions(address),
    multipleStatements: true,
    connectionLimit: connections,
    queueLimit: serverLimits.databaseQueue,
    connectTimeout: serverLimits.databaseConnectMs,
  })
  pool.on('connection', (connection) => {
    const set = (setting: string) => connection.query(setting, (error: unknown) => error && connection.destroy())
    for (const setting of [sessionSettings, isolation]) set(setting)
    connection.query("SHOW VARIABLES LIKE 'wsrep_on'", (error: unknown, rows: unknown) => {
      if (!error) server.joinsStatements = (rows as { Value: string }[])[0]?.Value !== 'ON'
    })
    watch?.examine(connection)
    for (const setting of moreSettings) set(setting)
  })
  return pool
}

export function driverOptions(address: DatabaseAddress): PoolOptions {
  return {
    ...('url' in address ? fromUrl(address.url) : fromSocket(address)),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    decimalNumbers: true,
    stringifyObjects: true,
    // FOUND_ROWS would hide duplicates in upserts; LOCAL_FILES would let a server read our files.
    flags: ['-FOUND_ROWS', '-LOCAL_FILES'],
    typeCast: (field, next) => castField(field, next),
  }
}

/** Picks the options by name, since the driver warns about any other property. */
function fromSocket({ socketPath, user, database }: Exclude<DatabaseAddress, { url: string }>): PoolOptions {
  return { socketPath, user, database }
}

function fromUrl(text: string): PoolOptions {
  const url = new URL(text)
  const socketPath = url.searchParams.get('socketPath')
  return {
    ...(socketPath === null ? { host: url.hostname || '127.0.0.1', port: Number(url.port || 3306) } : { socketPath }),
    user: decodeURIComponent(url.username) || 'root',
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  }
}

function castField(field: TypeCastField, next: () => unknown): unknown {
  if (field.type === 'DATETIME') {
    const text = field.string('ascii')
    return text === null ? null : `${text.replace(' ', 'T')}Z`
  }
  if (field.type === 'TINY' && field.length === 1) {
    const text = field.string('ascii')
    return text === null ? null : text === '1'
  }
  return next()
}

/** A pool for Kysely with bounded waits. It destroys a connection that failed or timed out instead of reusing it. */
function withDeadlines(
  pool: Pool,
  queryMs: number,
  server: ServerKind,
  wrap = (connection: PipelinedConnection) => connection,
): MysqlPool {
  const guarded = new WeakMap<object, MysqlPoolConnection>()
  return {
    getConnection(callback) {
      let waiting = true
      const timer = setTimeout(() => {
        waiting = false
        callback(new DatabaseUnavailable('timed out waiting for a database connection'), undefined as never)
      }, serverLimits.databaseAcquireMs)
      pool.getConnection((error, connection) => {
        clearTimeout(timer)
        if (!waiting) return connection?.release()
        if (error) return callback(asUnavailable(error), undefined as never)
        const guardedConnection =
          guarded.get(connection) ??
          wrap(guardConnection(connection as unknown as MysqlPoolConnection, queryMs, server))
        guarded.set(connection, guardedConnection)
        callback(null, guardedConnection)
      })
    },
    end: (callback) => pool.end(callback),
  }
}

function guardConnection(connection: MysqlPoolConnection, queryMs: number, server: ServerKind): PipelinedConnection {
  let broken = false
  const discard = () => {
    broken = true
    connection.destroy()
  }
  return {
    get config() {
      return connection.config
    },
    get joinsStatements() {
      return server.joinsStatements
    },
    get threadId() {
      return connection.threadId
    },
    connect: (callback) => connection.connect(callback),
    destroy: discard,
    release: () => {
      if (!broken) connection.release()
    },
    query(sql, parameters, callback) {
      if (callback === undefined) return connection.query(sql, parameters)
      let waiting = true
      const finish: typeof callback = (error, result) => {
        if (!waiting) return
        waiting = false
        clearTimeout(timer)
        callback(error, result)
      }
      const timer = setTimeout(() => {
        discard()
        finish(new DatabaseUnavailable('database query timed out'), undefined as never)
      }, queryMs)
      try {
        return connection.query(sql, parameters, (error, result) => {
          if (!error) return finish(error, result)
          const mapped = asUnavailable(error)
          if (mapped !== error) discard()
          finish(mapped, result)
        })
      } catch (error) {
        // The driver threw before sending the statement.
        clearTimeout(timer)
        throw error
      }
    },
  }
}

function asUnavailable(error: unknown): unknown {
  if (isQueueFull(error)) return new DatabaseOverloaded('database connection queue is full', { cause: error })
  return isConnectionError(error) ? new DatabaseUnavailable('cannot reach the database', { cause: error }) : error
}
