// The authorization matrix: every request and every route, for every actor, in every state of a conversation
// (permissions.ts), sent to a real server over real connections.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpServer } from '../../server/http/route-auth.ts'
import { createHttpServer } from '../../server/http/server.ts'
import { requests } from '../../server/realtime/requests.ts'
import type { ReceivedEvent } from '../support/client.ts'
import { type Cell, type CellResult, cellsOf, nameOf, sendCell } from './cells.ts'
import { createMatrixFixture, type MatrixActor, type MatrixFixture, ownersMark, staffMark } from './fixtures.ts'
import { overHttp, overSockets, readTable, type State, states } from './permissions.ts'
import type { Subject } from './sample-requests.ts'

const pages = ['console', 'demo', 'setup', 'widget'].map((name) => `${name}/index.html`)

describe('the authorization matrix', { retry: 0 }, () => {
  let fixture: MatrixFixture
  let http: HttpServer
  let url: string
  let folder: string
  /** From Fastify itself: METHOD route. */
  const routes = new Set<string>()
  const socketRows = readTable(overSockets, 1)
  const httpRows = readTable(overHttp, 2)

  const collect = (message: unknown) =>
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const one of [method].flat()) routes.add(`${one} ${url}`)
    })

  beforeAll(async () => {
    fixture = await createMatrixFixture()
    folder = await mkdtemp(join(tmpdir(), 'kefu-pages-'))
    for (const name of [...pages, 'kefu.js', 'assets/a.js']) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), 'a file')
    }
    subscribe('fastify.initialization', collect)
    http = await createHttpServer(fixture.app, folder)
    unsubscribe('fastify.initialization', collect)
    await http.listen({ host: '127.0.0.1', port: 0 })
    url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await http.close()
    await fixture.app.stop()
    await rm(folder, { recursive: true })
  })

  /** HEAD has the permissions of GET. */
  function allCells(): Cell[] {
    const heads = httpRows
      .map((row) => ({ ...row, name: row.name.replace(/^GET /, 'HEAD ') }))
      .filter(({ name }) => name.startsWith('HEAD ') && routes.has(name))
    const bad = Object.keys(fixture.badTokens)
    return [...cellsOf('socket', socketRows, bad), ...cellsOf('http', [...httpRows, ...heads], bad)]
  }

  /** The events about conversations. Everybody may know the availability of agents. */
  const conversationEvents = ({ received }: { received: ReceivedEvent[] }) =>
    received.filter(
      ({ event }) =>
        !['epoch:changed', 'availability:changed', 'agent:status-changed', 'agent:updated'].includes(event),
    )

  /**
   * Each actor sends its cells one after another, all actors in parallel. The replies are in the order of the cells.
   */
  async function sendAll(
    asked: { cell: Cell; subject: Subject; owner?: MatrixActor | undefined }[],
  ): Promise<CellResult[]> {
    const results: CellResult[] = []
    const lanes = Map.groupBy(asked.keys(), (index) => `${asked[index]?.cell.surface} ${asked[index]?.cell.actor}`)
    const work = async (lane: number[]) => {
      for (const index of lane) {
        const { cell, subject, owner } = asked[index] as (typeof asked)[number]
        results[index] = await sendCell(fixture, url, cell, subject, owner)
      }
    }
    await Promise.all([...lanes.values()].map(work))
    return results
  }

  /** Cells with another outcome than in the table, and replies that show a customer the data of others. */
  function deviations(cells: readonly Cell[], results: readonly CellResult[]): string[] {
    return cells.flatMap((cell, index) => {
      const { outcome, text } = results[index] as CellResult
      const expected = cell.expected === 'ok' ? 'sees' : cell.expected
      const isAgent = ['holder', 'colleague', 'admin'].includes(cell.actor)
      return [
        ...(outcome === expected ? [] : [`${nameOf(cell)}: ${outcome}, expected ${cell.expected}`]),
        ...(isAgent || !text.includes(staffMark) ? [] : [`${nameOf(cell)}: the reply contains data for agents`]),
        ...(isAgent || cell.actor === 'owner' || !text.includes(ownersMark)
          ? []
          : [`${nameOf(cell)}: the reply contains data of the owner`]),
      ]
    })
  }

  it('[T01] has a row for each request and each route, and no other rows', () => {
    expect([...new Set(socketRows.map((row) => row.name))].sort()).toEqual(Object.keys(requests).sort())
    const asked = [...routes].filter((route) => !route.startsWith('HEAD '))
    expect([...new Set(httpRows.map((row) => row.name))].sort()).toEqual(asked.sort())
  })

  it('[T01] [T02] [T04] [T07] [RQ4] [RQ7] [HT7] [HT8] a refused request changes nothing and publishes nothing, and neither does a read', async () => {
    const cells = allCells().filter(({ expected }) => expected !== 'ok')
    const before = await fixture.rows()
    for (const { client } of Object.values(fixture.people)) client.received.length = 0
    const results = await sendAll(cells.map((cell) => ({ cell, subject: fixture.shared[cell.row.state ?? 'pending'] })))
    expect(deviations(cells, results)).toEqual([])
    expect(await fixture.rows()).toEqual(before)
    for (const { client } of Object.values(fixture.people)) {
      await client.request('conversation:list', { limit: 1 })
      expect(conversationEvents(client).filter(({ event }) => event !== 'conversation:heads')).toEqual([])
    }
    expect(cells.length).toBeGreaterThan(1000)
  })

  it('[T01] [T02] [T23] a permitted request succeeds, strangers receive none of its events, and customers receive nothing internal', async () => {
    const { owner, stranger } = fixture.people
    const cells = allCells().filter(({ expected }) => expected === 'ok')
    const byState = await Promise.all(
      [...states, null].map(async (state) => {
        const of = cells.filter((cell) => cell.row.state === state)
        const subjects = await fixture.newSubjects(of.length, state)
        return of.map((cell, index) => ({ cell, subject: subjects[index] as (typeof subjects)[number] }))
      }),
    )
    const asked = byState.flat()
    const owners = new Map<Cell, MatrixActor>()
    for (const { cell, subject } of asked) if (cell.actor === 'owner') owners.set(cell, await fixture.ownerOf(subject))
    const results = await sendAll(asked.map(({ cell, subject }) => ({ cell, subject, owner: owners.get(cell) })))
    expect(
      deviations(
        asked.map(({ cell }) => cell),
        results,
      ),
    ).toEqual([])

    // Actors who were refused or left receive no event. Late events have arrived by the second reply.
    const sendMessage = async (state: State, clientMessageId: string) => {
      const { conversationId } = fixture.shared[state]
      await owner.client.request('conversation:open', { conversationId })
      await owner.client.request('message:send', { conversationId, clientMessageId, content: ownersMark })
      await owner.client.next('message:created', (message) => message.clientMessageId === clientMessageId)
    }
    for (const state of states) await sendMessage(state, 'first')
    await sendMessage('closed', 'second')
    await fixture.people.admin.client.next(
      'conversation:updated',
      ({ conversation }) =>
        conversation.id === fixture.shared.closed.conversationId &&
        conversation.lastMessage?.clientMessageId === 'second',
    )
    await stranger.client.request('conversation:list', {})
    const everyOwner = [owner, ...owners.values()]
    for (const { client } of [stranger, ...everyOwner]) expect(JSON.stringify(client.received)).not.toContain(staffMark)
    expect(JSON.stringify(stranger.client.received)).not.toContain(ownersMark)
    const own = await stranger.client.request('conversation:list', {})
    const ownIds = own.conversations.map(({ id }) => id)
    const isOthers = (event: ReceivedEvent) => conversationsOf(event).some((id) => !ownIds.includes(id))
    expect(conversationEvents(stranger.client).filter(isOthers)).toEqual([])
    for (const { client } of owners.values()) client.close()
  })
})

/** The conversations of an event; 0 where none is visible. */
function conversationsOf({ data }: ReceivedEvent): number[] {
  if ('heads' in data) return data.heads.map(({ conversationId }) => conversationId)
  if ('conversation' in data) return [data.conversation.id]
  return ['conversationId' in data ? data.conversationId : 0]
}
