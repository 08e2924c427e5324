// Fewer trips to the database: a statement whose answer nobody waits for goes in one packet with the next. That is every `begin`, and what is
// marked with `deferred`. A transaction of a lock, an insert, an update and its commit makes three trips instead of five; one that is known
// from the start, `executeBatch`, makes one.
//
// Several statements in one text are what an injection wants, too: a text that brings a semicolon of its own is refused here, so packets are
// put together in this file alone. Values are never part of a text; the driver writes them out, escaped.

import { type CompiledQuery, type MysqlPoolConnection, type MysqlQueryResult, sql } from 'kysely'

const mark = '/* with the next */ '

/**
 * Begins a statement that is sent with the next one of its transaction, at the latest with the commit: it looks done at once, its counts are
 * not to be had, and where it fails, what follows it fails.
 */
export const deferred = sql`/* with the next */ `

interface Statement {
  text: string
  parameters: readonly unknown[]
}

const begin: Statement = { text: 'begin', parameters: [] }
const commit: Statement = { text: 'commit', parameters: [] }
const done = { insertId: 0, affectedRows: 0, changedRows: 0 } as const

type Answered = (error: unknown, results: MysqlQueryResult[]) => void

/**
 * These statements and their commit, on a connection without autocommit, where no `begin` is needed. Where one fails, what follows is not done
 * and all is undone; a connection on which that fails is given up.
 */
export function executeBatch(
  connection: MysqlPoolConnection,
  statements: readonly CompiledQuery[],
  answered: Answered,
): void {
  const packet = statements.map(({ sql: text, parameters }) => ({ text, parameters }))
  send(connection, [...packet, commit], (error, results) => {
    if (!error) return answered(null, results.slice(0, -1))
    connection.query('rollback', [], (undoing) => {
      if (undoing) connection.destroy()
      answered(error, [])
    })
  })
}

function send(connection: MysqlPoolConnection, packet: readonly Statement[], answered: Answered) {
  for (const { text } of packet) assertSingle(text)
  connection.query(
    packet.map((statement) => statement.text).join(';'),
    packet.flatMap((statement) => statement.parameters),
    (error, results) => answered(error, results as unknown as MysqlQueryResult[]),
  )
}

/** Kysely's side of a connection that takes several statements in one packet. */
export function pipelineStatements(connection: MysqlPoolConnection): MysqlPoolConnection {
  let waiting: Statement[] = []
  let isInTransaction = false

  const query: MysqlPoolConnection['query'] = ((text, parameters, callback) => {
    assertSingle(text)
    if (callback === undefined) {
      if (waiting.length > 0) throw new Error('a stream cannot go with what waits')
      return connection.query(text, parameters)
    }
    if (text === 'begin') {
      waiting = [begin]
      isInTransaction = true
      return callback(null, done)
    }
    if (text === 'rollback') {
      isInTransaction = false
      const hasBegun = waiting[0] !== begin
      waiting = []
      return hasBegun ? connection.query(text, parameters, callback) : callback(null, done)
    }
    if (text === 'commit') {
      isInTransaction = false
      if (waiting.length === 1 && waiting[0] === begin) {
        waiting = []
        return callback(null, done)
      }
    }
    if (isInTransaction && text.startsWith(mark)) {
      waiting.push({ text, parameters })
      return callback(null, done)
    }
    if (waiting.length === 0) return connection.query(text, parameters, callback)
    const packet = [...waiting, { text, parameters }]
    waiting = []
    return send(connection, packet, (error, results) =>
      callback(error, (error ? results : results.at(-1)) as MysqlQueryResult),
    )
  }) as MysqlPoolConnection['query']

  return Object.assign(Object.create(connection) as MysqlPoolConnection, { query })
}

function assertSingle(text: string) {
  if (hasSemicolon(text)) throw new Error('a statement of several is refused')
}

/** Outside of quoted text, as comments of columns have them. */
const hasSemicolon = (text: string) => text.includes(';') && text.replaceAll(/'(?:[^'\\]|\\.|'')*'/g, '').includes(';')
