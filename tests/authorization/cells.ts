// The cells of the matrix. A cell is sent over a client's connection, over a raw socket when the token is invalid, or
// over HTTP.

import type { ErrorCode } from '#protocol/errors.ts'
import type { RequestName } from '#protocol/requests.ts'
import type { MatrixActor, MatrixFixture } from './fixtures.ts'
import { type Column, columns, type Row } from './permissions.ts'
import { requestWithToken } from './raw-request.ts'
import { httpRequestOf, payloads, type Subject } from './sample-requests.ts'

/** One row for one actor. An actor without a valid token tries every invalid one. */
export interface Cell {
  surface: 'socket' | 'http'
  row: Row
  column: Column
  /** The column, or the defect of the token. */
  actor: string
  expected: string
}

export interface CellResult {
  /** As in the table, except that ok is reported as sees. */
  outcome: string
  /** The whole reply as text. */
  text: string
}

export function cellsOf(surface: Cell['surface'], rows: readonly Row[], badTokens: readonly string[]): Cell[] {
  return rows.flatMap((row) =>
    columns.flatMap((column) =>
      (column === 'nobody' ? badTokens : [column]).map(
        (actor): Cell => ({ surface, row, column, actor, expected: row.outcomes[column] }),
      ),
    ),
  )
}

export const nameOf = ({ row, actor }: Cell) => [row.name, row.state, 'by', actor].filter(Boolean).join(' ')

const tries = 3

/**
 * Sends a cell. `url` is the server; `owner` is the owner of the subject, when it is not the shared one. Retries when
 * the reply asks for it.
 */
export async function sendCell(
  fixture: MatrixFixture,
  url: string,
  cell: Cell,
  subject: Subject,
  owner?: MatrixActor,
): Promise<CellResult> {
  for (let left = tries; ; left--) {
    const result = await sendCellOnce(fixture, url, cell, subject, owner)
    if (left === 1 || result.outcome !== 'unavailable') return result
  }
}

function sendCellOnce(
  fixture: MatrixFixture,
  url: string,
  cell: Cell,
  subject: Subject,
  owner?: MatrixActor,
): Promise<CellResult> {
  const person =
    cell.column === 'nobody' ? undefined : cell.column === 'owner' && owner ? owner : fixture.people[cell.column]
  const token = person ? person.account.token : fixture.badTokens[cell.actor]
  return cell.surface === 'http'
    ? sendHttpCell(url, cell, subject, token)
    : sendSocketCell(fixture, cell, subject, person, token)
}

async function sendSocketCell(
  { app, badTokens }: MatrixFixture,
  { row, actor }: Cell,
  subject: Subject,
  person: MatrixActor | undefined,
  token: string | undefined,
): Promise<CellResult> {
  const name = row.name as RequestName
  const payload = payloads[name]({ ...subject, newerToken: token ?? '' })
  if (!person) return { outcome: await requestWithToken(app.url, badTokens[actor], name, payload), text: '' }
  const reply = await person.client.ask(name, payload as never)
  return { outcome: reply.ok ? 'sees' : reply.error.code, text: JSON.stringify(reply) }
}

async function sendHttpCell(url: string, { row, expected }: Cell, subject: Subject, token: string | undefined) {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const here = await call(url, row.name, subject, authorization)
  if (expected !== 'local' || here.outcome !== 'sees') return here
  const elsewhere = await call(url, row.name, subject, { ...authorization, 'x-forwarded-for': '203.0.113.9' })
  return { ...here, outcome: elsewhere.outcome === 'not_found' ? 'local' : 'sees' }
}

async function call(url: string, name: string, subject: Subject, headers: Record<string, string>): Promise<CellResult> {
  const { method, path, content } = httpRequestOf(name, subject)
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: { ...headers, ...(content ? { 'content-type': content.type } : {}) },
    ...(content ? { body: content.body } : {}),
  })
  const text = await response.text()
  return { outcome: response.status < 400 ? 'sees' : (codeIn(text) ?? codeOf(response.status)), text }
}

const codeIn = (text: string): ErrorCode | undefined =>
  text.startsWith('{') ? (JSON.parse(text) as { error?: { code: ErrorCode } }).error?.code : undefined

/** A reply to HEAD has only a status. */
const codeOf = (status: number) =>
  ({ 401: 'unauthorized', 403: 'forbidden', 404: 'not_found' })[status] ?? String(status)
