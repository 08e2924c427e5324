// Opens the database: sessions in UTC, strict, READ COMMITTED; times as ISO strings, TINYINT(1) as boolean.
// Every wait has a deadline: a server that stopped answering gives mysql2 neither a result nor an error.

import { Kysely, MysqlDialect, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import { createPool, type Pool, type PoolOptions, type TypeCastField } from 'mysql2'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Database, Tables } from './database.ts'
import { DatabaseOverloaded, DatabaseUnavailable, isConnectionError, isQueueFull } from './errors.ts'
import { pipelineStatements } from './pipelining.ts'
import { setPipelinePool } from './transaction.ts'

/** Where the database is: a URL (mysql://user:password@host:port/name?socketPath=…), or the embedded server's private socket. */
export type DatabaseAddress = { url: string } | { socketPath: string; user: string; database: string }

export interface ConnectOptions {
  connections?: number
  /** How long one statement may take, in milliseconds; maintenance (migrations, restore) takes longer than requests may. */
  queryMs?: number
}

export const sessionSettings = `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = ${serverLimits.databaseLockWaitSeconds},
  sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`
export const isolation = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'

/** Opens `connections` at most, and serverLimits.pipelineConnections more where something is written in one trip; each when it is needed. */
export function connectDatabase(address: DatabaseAddress, options: ConnectOptions = {}): Database {
  const queryMs = options.queryMs ?? serverLimits.databaseQueryMs
  const { connections = serverLimits.databaseConnections } = options
  const pool = withDeadlines(openPool(address, connections, [sessionSettings, isolation]), queryMs, pipelineStatements)
  const trips = withDeadlines(
    openPool(address, serverLimits.pipelineConnections, [sessionSettings, isolation, 'SET SESSION autocommit = 0']),
    queryMs,
  )
  const end: MysqlPool['end'] = (callback) => trips.end(() => pool.end(callback))
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: { ...pool, end } }) })
  setPipelinePool(db, trips)
  return db
}

function openPool(address: DatabaseAddress, connections: number, settings: readonly string[]): Pool {
  const pool = createPool({
    ...driverOptions(address),
    multipleStatements: true,
    connectionLimit: connections,
    queueLimit: serverLimits.databaseQueue,
    connectTimeout: serverLimits.databaseConnectMs,
  })
  pool.on('connection', (connection) => {
    for (const setting of settings) connection.query(setting, (error: unknown) => error && connection.destroy())
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
    // FOUND_ROWS would hide duplicates in upserts; LOCAL_FILES lets a server read our files.
    flags: ['-FOUND_ROWS', '-LOCAL_FILES'],
    typeCast: (field, next) => castField(field, next),
  }
}

/** By name, since the driver complains of anything else that an address carries. */
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

/** The pool as Kysely sees it: bounded waits, and a connection that failed or fell silent is destroyed instead of reused. */
function withDeadlines(pool: Pool, queryMs: number, wrap = (connection: MysqlPoolConnection) => connection): MysqlPool {
  const guarded = new WeakMap<object, MysqlPoolConnection>()
  return {
    getConnection(callback) {
      let waiting = true
      const timer = setTimeout(() => {
        waiting = false
        callback(new DatabaseUnavailable('no database connection became free in time'), undefined as never)
      }, serverLimits.databaseAcquireMs)
      pool.getConnection((error, connection) => {
        clearTimeout(timer)
        if (!waiting) return connection?.release()
        if (error) return callback(asUnavailable(error), undefined as never)
        const known =
          guarded.get(connection) ?? wrap(guardConnection(connection as unknown as MysqlPoolConnection, queryMs))
        guarded.set(connection, known)
        callback(null, known)
      })
    },
    end: (callback) => pool.end(callback),
  }
}

function guardConnection(connection: MysqlPoolConnection, queryMs: number): MysqlPoolConnection {
  let broken = false
  const breakOff = () => {
    broken = true
    connection.destroy()
  }
  return {
    get config() {
      return connection.config
    },
    get threadId() {
      return connection.threadId
    },
    connect: (callback) => connection.connect(callback),
    destroy: breakOff,
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
        breakOff()
        finish(new DatabaseUnavailable('the database did not answer in time'), undefined as never)
      }, queryMs)
      try {
        return connection.query(sql, parameters, (error, result) => {
          if (!error) return finish(error, result)
          const told = asUnavailable(error)
          if (told !== error) breakOff()
          finish(told, result)
        })
      } catch (error) {
        // It was never sent.
        clearTimeout(timer)
        throw error
      }
    },
  }
}

function asUnavailable(error: unknown): unknown {
  if (isQueueFull(error)) return new DatabaseOverloaded('too many wait for a database connection', { cause: error })
  return isConnectionError(error) ? new DatabaseUnavailable('the database cannot be reached', { cause: error }) : error
}
