// Opens the database: sessions in UTC, strict, READ COMMITTED; times as ISO strings, TINYINT(1) as boolean.
// Every wait has a deadline, since mysql2 reports neither a result nor an error when a server hangs.

import { connect, isIP, type Socket } from 'node:net'
import { Kysely, MysqlDialect, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import { createPool, type Pool, type PoolConnection, type PoolOptions, type TypeCastField } from 'mysql2'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Database, Tables } from './database.ts'
import { type ParsedDatabaseUrl, parseDatabaseUrl } from './database-url.ts'
import { DatabaseOverloaded, DatabaseUnavailable, isConnectionError, isQueueFull } from './errors.ts'
import { type PipelinedConnection, pipelineStatements } from './pipelining.ts'
import { createServerWatch, type ReportServer, type ServerWatch, setServerWatch } from './server-watch.ts'
import type { TlsOptions } from './tls-options.ts'
import { setPipelinePool } from './transaction.ts'

/** A URL as database-url.ts reads it, or the embedded server's private socket. */
export type DatabaseAddress = { url: string } | { socketPath: string; user: string; database: string }

export interface ConnectOptions {
  connections?: number
  /** Deadline of one statement in milliseconds. Maintenance (migrations, restore) needs more than requests get. */
  queryMs?: number
  /** A connection older than this is replaced before its next use. */
  lifeMs?: number
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
  const guards = { queryMs, lifeMs: options.lifeMs ?? serverLimits.databaseConnectionLifeMs, server, watch }
  const pool = withDeadlines(openPool(address, connections, server, watch), guards, pipelineStatements)
  const pipelinePool = withDeadlines(
    openPool(address, serverLimits.pipelineConnections, server, watch, ['SET SESSION autocommit = 0']),
    guards,
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
  const { server, user, password, database, tls } = parseDatabaseUrl(text)
  return { ...server, user, password, database, ...(tls === null ? {} : withTls(tls, server)) }
}

function withTls({ isVerified, ...files }: TlsOptions, server: ParsedDatabaseUrl['server']): PoolOptions {
  const ssl = { ...files, rejectUnauthorized: isVerified, verifyIdentity: isVerified }
  if (!('host' in server) || isIP(server.host) === 0) return { ssl }
  return { ssl, stream: () => openSocket(server) }
}

/**
 * The driver gives TLS no name to verify for an IP address, and TLS would expect the one that sockets keep of hosts.
 */
function openSocket({ host, port }: { host: string; port: number }): Socket {
  const socket = connect(port, host).setNoDelay(true).setKeepAlive(true)
  return Object.assign(socket, { _host: host })
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

interface Guards {
  queryMs: number
  lifeMs: number
  server: ServerKind
  watch: ServerWatch | undefined
}

/**
 * A pool for Kysely with bounded waits. It destroys a connection that failed, timed out or has reached its longest life
 * instead of reusing it.
 */
function withDeadlines(pool: Pool, guards: Guards, wrap = (connection: PipelinedConnection) => connection): MysqlPool {
  const guarded = new WeakMap<object, Guarded>()
  return {
    getConnection(callback) {
      let waiting = true
      const timer = setTimeout(() => {
        waiting = false
        callback(new DatabaseUnavailable('timed out waiting for a database connection'), undefined as never)
      }, serverLimits.databaseAcquireMs)
      const handOut = (connection: PoolConnection) => {
        clearTimeout(timer)
        if (!waiting) return connection.release()
        const found = guarded.get(connection)
        if (found) return callback(null, found.wrapped)
        const isExpired = expiry(guards.lifeMs)
        const wrapped = wrap(guardConnection(connection as unknown as MysqlPoolConnection, guards, isExpired))
        guarded.set(connection, { wrapped, isExpired })
        callback(null, wrapped)
      }
      const acquire = () =>
        pool.getConnection((error, connection) => {
          if (error) {
            clearTimeout(timer)
            if (waiting) callback(asUnavailable(error), undefined as never)
          } else if (guarded.get(connection)?.isExpired()) {
            connection.destroy()
            acquire()
          } else if (guards.watch) {
            // What is cached of another server is dropped before the caller decides on it.
            guards.watch.whenExamined(connection, () => handOut(connection))
          } else handOut(connection)
        })
      acquire()
    },
    end: (callback) => pool.end(callback),
  }
}

interface Guarded {
  wrapped: MysqlPoolConnection
  isExpired(): boolean
}

/** Connections that were opened together do not expire together. */
function expiry(lifeMs: number): () => boolean {
  const expiresAt = performance.now() + lifeMs * (0.75 + Math.random() / 4)
  return () => performance.now() > expiresAt
}

function guardConnection(
  connection: MysqlPoolConnection,
  { queryMs, server }: Guards,
  isExpired: () => boolean,
): PipelinedConnection {
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
      if (broken) return
      if (isExpired()) discard()
      else connection.release()
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
