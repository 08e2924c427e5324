// Statement pipelining: `begin` and `deferred` statements travel in one packet with the next statement. Lock, insert,
// update and commit need three round trips instead of five; `executeBatch` needs one.
//
// Multiple statements per text also help SQL injection. Only this file joins statements, and it rejects a text that
// contains a semicolon. Values are parameters, which the driver escapes.

import { type CompiledQuery, type MysqlPoolConnection, type MysqlQueryResult, sql } from 'kysely'

const mark = '/* with the next */ '

/**
 * Prefix of a statement that is sent together with the next one of its transaction, at the latest with the commit.
 * Resolves immediately with dummy counts; if it fails, the next statement rejects.
 */
export const deferred = sql`/* with the next */ `

interface Statement {
  text: string
  parameters: readonly unknown[]
}

const begin: Statement = { text: 'begin', parameters: [] }
const commit: Statement = { text: 'commit', parameters: [] }
const noCounts = { insertId: 0, affectedRows: 0, changedRows: 0 } as const

/** A connection that says whether several statements may share a packet. */
export interface PipelinedConnection extends MysqlPoolConnection {
  /**
   * False on Galera: MariaDB swallows the abort of a transaction whose statements share a packet with its commit, so an
   * acknowledged commit may be lost.
   */
  readonly joinsStatements: boolean
}

type ResultCallback = (error: unknown, results: MysqlQueryResult[]) => void

/**
 * Executes the statements and a commit in one packet, on a connection without autocommit, where no `begin` is needed.
 * After an error it rolls back, or destroys the connection if that fails.
 */
export function executeBatch(
  connection: PipelinedConnection,
  statements: readonly CompiledQuery[],
  callback: ResultCallback,
): void {
  const packet = statements.map(({ sql: text, parameters }) => ({ text, parameters }))
  send(connection, [...packet, commit], (error, results) => {
    if (!error) return callback(null, results.slice(0, -1))
    connection.query('rollback', [], (rollbackError) => {
      if (rollbackError) connection.destroy()
      callback(error, [])
    })
  })
}

function send(connection: PipelinedConnection, packet: readonly Statement[], callback: ResultCallback) {
  for (const { text } of packet) assertSingle(text)
  if (!connection.joinsStatements) return sendSeparately(connection, packet, [], callback)
  connection.query(
    packet.map((statement) => statement.text).join(';'),
    packet.flatMap((statement) => statement.parameters),
    (error, results) => callback(error, results as unknown as MysqlQueryResult[]),
  )
}

function sendSeparately(
  connection: PipelinedConnection,
  packet: readonly Statement[],
  results: MysqlQueryResult[],
  callback: ResultCallback,
): void {
  const next = packet[results.length] as Statement
  connection.query(next.text, next.parameters, (error, result) => {
    if (error) return callback(error, [])
    const done = [...results, result]
    if (done.length === packet.length) callback(null, done)
    else sendSeparately(connection, packet, done, callback)
  })
}

/** Wraps a connection for Kysely so that deferred statements share a packet with the next one. */
export function pipelineStatements(connection: PipelinedConnection): PipelinedConnection {
  let pending: Statement[] = []
  let isInTransaction = false

  const query: MysqlPoolConnection['query'] = ((text, parameters, callback) => {
    assertSingle(text)
    if (callback === undefined) {
      if (pending.length > 0) throw new Error('cannot stream while deferred statements are pending')
      return connection.query(text, parameters)
    }
    if (text === 'begin') {
      pending = [begin]
      isInTransaction = true
      return callback(null, noCounts)
    }
    if (text === 'rollback') {
      isInTransaction = false
      const isBeginSent = pending[0] !== begin
      pending = []
      return isBeginSent ? connection.query(text, parameters, callback) : callback(null, noCounts)
    }
    if (text === 'commit') {
      isInTransaction = false
      if (pending.length === 1 && pending[0] === begin) {
        pending = []
        return callback(null, noCounts)
      }
    }
    if (isInTransaction && text.startsWith(mark)) {
      pending.push({ text, parameters })
      return callback(null, noCounts)
    }
    if (pending.length === 0) return connection.query(text, parameters, callback)
    const packet = [...pending, { text, parameters }]
    pending = []
    return send(connection, packet, (error, results) =>
      callback(error, (error ? results : results.at(-1)) as MysqlQueryResult),
    )
  }) as MysqlPoolConnection['query']

  return Object.assign(Object.create(connection) as PipelinedConnection, { query })
}

function assertSingle(text: string) {
  if (hasSemicolon(text)) throw new Error('multiple statements are not allowed')
}

/** Ignores semicolons in quoted text, such as column comments. */
const hasSemicolon = (text: string) => text.includes(';') && text.replaceAll(/'(?:[^'\\]|\\.|'')*'/g, '').includes(';')
