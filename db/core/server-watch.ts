// Applies the server checks to each new connection and at an interval, and reports each problem once when it appears
// and once when it is gone. Notices when a new connection leads to another server. No statement is added to a request.

import type { MysqlPool } from 'kysely'
import type { Connection } from 'mysql2'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Database } from './database.ts'
import {
  findProblems,
  readServerState,
  type ServerProblem,
  type ServerState,
  stateQueries,
  type VariableRow,
} from './server-checks.ts'
import { identifyServer, isSameRun, type ServerIdentity } from './server-identity.ts'

/** Receives a problem that has appeared, or that is gone. */
export type ReportServer = (problem: ServerProblem, isGone: boolean) => void

export interface ServerWatch {
  /** Reads the server's state on a connection that was just opened. */
  examine(connection: Pick<Connection, 'query'>): void
  /** Calls back once the connection is examined; immediately unless it was just opened. */
  whenExamined(connection: object, callback: () => void): void
  /** Reads it every serverLimits.serverCheckMs on a connection of the pool, until stopped. */
  start(pool: MysqlPool): void
  stop(): void
  state(): ServerState | null
  /** The server of the newest connection. */
  identity(): ServerIdentity | null
  /** The listener runs when a new connection leads to another server, or to another run of it. */
  onOtherServer(listener: () => void): void
}

type Query = (text: string, callback: (error: unknown, rows: unknown) => void) => void

export function createServerWatch(report: ReportServer): ServerWatch {
  let problems = new Map<string, ServerProblem>()
  let state: ServerState | null = null
  let identity: ServerIdentity | null = null
  const otherServerListeners: (() => void)[] = []
  const examining = new WeakMap<object, (() => void)[]>()
  let timer: NodeJS.Timeout | undefined
  let isReading = false

  function update(rows: readonly VariableRow[]) {
    state = readServerState(rows)
    const found = new Map(findProblems(state).map((problem) => [problem.line, problem]))
    for (const [line, problem] of found) if (!problems.has(line)) report(problem, false)
    for (const [line, problem] of problems) if (!found.has(line)) report(problem, true)
    problems = found
  }

  /** Old connections may lead to a server that has been replaced, so only new ones count. */
  function identify(server: ServerState) {
    const before = identity
    identity = identifyServer(server.value)
    if (before && !isSameRun(before, identity)) for (const listener of otherServerListeners) listener()
  }

  /** Enqueues all statements immediately: on a new connection they precede the request that opened it. */
  function read(query: Query, done: (server: ServerState | null) => void) {
    const rows: VariableRow[] = []
    let waiting = stateQueries.length
    let hasFailed = false
    for (const text of stateQueries) {
      query(text, (error, more) => {
        if (error) hasFailed = true
        else rows.push(...(more as VariableRow[]))
        waiting -= 1
        if (waiting > 0) return
        if (!hasFailed) update(rows)
        done(hasFailed ? null : state)
      })
    }
  }

  function readOn(pool: MysqlPool) {
    if (isReading) return
    isReading = true
    pool.getConnection((error, connection) => {
      const finish = () => {
        isReading = false
        connection?.release()
      }
      if (error) return finish()
      read((text, callback) => connection.query(text, [], callback), finish)
    })
  }

  return {
    examine(connection) {
      const waiting: (() => void)[] = []
      examining.set(connection, waiting)
      read(
        (text, callback) => connection.query(text, callback),
        (server) => {
          if (server) identify(server)
          examining.delete(connection)
          for (const callback of waiting) callback()
        },
      )
    },
    whenExamined(connection, callback) {
      const waiting = examining.get(connection)
      if (waiting) waiting.push(callback)
      else callback()
    },
    start(pool) {
      timer = setInterval(readOn, serverLimits.serverCheckMs, pool)
      timer.unref()
    },
    stop: () => clearInterval(timer),
    state: () => state,
    identity: () => identity,
    onOtherServer: (listener) => void otherServerListeners.push(listener),
  }
}

const watches = new WeakMap<Database, ServerWatch>()

export const setServerWatch = (db: Database, watch: ServerWatch): void => void watches.set(db, watch)

/** The server's state as last read; null before the first connection, and for a database opened without a watch. */
export const serverState = (db: Database): ServerState | null => watches.get(db)?.state() ?? null

/** The server of the newest connection; null before the first, and for a database opened without a watch. */
export const serverIdentity = (db: Database): string | null => watches.get(db)?.identity()?.server ?? null

/** The listener runs before the first request on the connection that leads to another server, or another run of it. */
export const onOtherServer = (db: Database, listener: () => void): void => watches.get(db)?.onOtherServer(listener)
