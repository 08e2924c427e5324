// Fewer trips to the database: a statement whose answer nobody waits for goes in one packet with the next. That is every `begin`, and what is
// marked with `withNext`. A transaction of a lock, an insert, an update and its commit makes three trips instead of five; one that is known
// from the start, `allAtOnce`, makes one.
//
// Several statements in one text are what an injection wants, too: a text that brings a semicolon of its own is refused here, so packets are
// put together in this file alone. Values are never part of a text; the driver writes them out, escaped.

import { CompiledQuery, type MysqlPoolConnection, type MysqlQueryResult, sql } from 'kysely'

const mark = '/* with the next */ '

/**
 * Begins a statement that is sent with the next one of its transaction, at the latest with the commit: it looks done at once, its counts are
 * not to be had, and where it fails, what follows it fails.
 */
export const withNext = sql`/* with the next */ `

const wholeTransaction = '/* a whole transaction */'

/** A transaction of these statements as one query whose rows are their results. Where one fails, what follows is not done and all is undone. */
export const allAtOnce = (statements: readonly CompiledQuery[]): CompiledQuery<MysqlQueryResult> =>
  CompiledQuery.raw(
    wholeTransaction,
    statements.map(({ sql: text, parameters }) => ({ text, parameters })),
  )

interface Statement {
  text: string
  parameters: readonly unknown[]
}

const begin: Statement = { text: 'begin', parameters: [] }
const commit: Statement = { text: 'commit', parameters: [] }
const done = { insertId: 0, affectedRows: 0, changedRows: 0 } as const

/** Kysely's side of a connection that takes several statements in one packet. */
export function inPackets(connection: MysqlPoolConnection): MysqlPoolConnection {
  let waiting: Statement[] = []
  let isInTransaction = false

  function send(packet: readonly Statement[], callback: (error: unknown, results: MysqlQueryResult[]) => void) {
    for (const { text } of packet) assertSingle(text)
    connection.query(
      packet.map((statement) => statement.text).join(';'),
      packet.flatMap((statement) => statement.parameters),
      (error, results) => callback(error, results as unknown as MysqlQueryResult[]),
    )
  }

  const query: MysqlPoolConnection['query'] = ((text, parameters, callback) => {
    assertSingle(text)
    if (callback === undefined) {
      if (waiting.length > 0) throw new Error('a stream cannot go with what waits')
      return connection.query(text, parameters)
    }
    if (text === wholeTransaction) {
      const statements = parameters as readonly Statement[]
      return send([begin, ...statements, commit], (error, results) => {
        if (!error) return callback(null, results.slice(1, -1) as never)
        connection.query('rollback', [], () => callback(error, undefined as never))
      })
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
    return send(packet, (error, results) => callback(error, (error ? results : results.at(-1)) as MysqlQueryResult))
  }) as MysqlPoolConnection['query']

  return Object.assign(Object.create(connection) as MysqlPoolConnection, { query })
}

function assertSingle(text: string) {
  if (hasSemicolon(text)) throw new Error('a statement of several is refused')
}

/** Outside of quoted text, as comments of columns have them. */
const hasSemicolon = (text: string) => text.includes(';') && text.replaceAll(/'(?:[^'\\]|\\.|'')*'/g, '').includes(';')
