// The authorization matrix: every request and every route, for every actor, in every state of a conversation (who-may.ts), asked of a real
// Kefu over real connections.

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
import { type Answered, ask, type Cell, cellsOf, nameOf } from './cells.ts'
import { openStage, ownersMark, type Person, type Stage, staffMark } from './fixtures.ts'
import { overHttp, overSockets, readTable, type State, states } from './permissions.ts'
import type { Subject } from './sample-requests.ts'

const pages = ['console', 'demo', 'setup', 'widget'].map((name) => `${name}/index.html`)

describe('the authorization matrix', { retry: 0 }, () => {
  let stage: Stage
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
    stage = await openStage()
    folder = await mkdtemp(join(tmpdir(), 'kefu-pages-'))
    for (const name of [...pages, 'kefu.js', 'assets/a.js']) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), 'a file')
    }
    subscribe('fastify.initialization', collect)
    http = await createHttpServer(stage.app, folder)
    unsubscribe('fastify.initialization', collect)
    await http.listen({ host: '127.0.0.1', port: 0 })
    url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await http.close()
    await stage.app.stop()
    await rm(folder, { recursive: true })
  })

  /** The server answers HEAD where it answers GET, to the same people. */
  function allCells(): Cell[] {
    const heads = httpRows
      .map((row) => ({ ...row, name: row.name.replace(/^GET /, 'HEAD ') }))
      .filter(({ name }) => name.startsWith('HEAD ') && routes.has(name))
    const bad = Object.keys(stage.badTokens)
    return [...cellsOf('socket', socketRows, bad), ...cellsOf('http', [...httpRows, ...heads], bad)]
  }

  /** What is told of a conversation; what is told of who is here is everybody's to know. */
  const toldOf = ({ received }: { received: ReceivedEvent[] }) =>
    received.filter(({ event }) => !['availability:changed', 'agent:status-changed', 'agent:updated'].includes(event))

  /** Each actor asks one thing after another, all of them at once; answers in the order of the cells. */
  async function askAll(asked: { cell: Cell; subject: Subject; owner?: Person | undefined }[]): Promise<Answered[]> {
    const answers: Answered[] = []
    const lanes = Map.groupBy(asked.keys(), (index) => `${asked[index]?.cell.surface} ${asked[index]?.cell.actor}`)
    const work = async (lane: number[]) => {
      for (const index of lane) {
        const { cell, subject, owner } = asked[index] as (typeof asked)[number]
        answers[index] = await ask(stage, url, cell, subject, owner)
      }
    }
    await Promise.all([...lanes.values()].map(work))
    return answers
  }

  /** Cells whose outcome is another than the table's, and what customers were answered that is not theirs. */
  function complaints(cells: readonly Cell[], answers: readonly Answered[]): string[] {
    return cells.flatMap((cell, index) => {
      const { outcome, text } = answers[index] as Answered
      const expected = cell.expected === 'ok' ? 'sees' : cell.expected
      const isAgent = ['holder', 'colleague', 'admin'].includes(cell.actor)
      return [
        ...(outcome === expected ? [] : [`${nameOf(cell)}: ${outcome}, expected ${cell.expected}`]),
        ...(isAgent || !text.includes(staffMark) ? [] : [`${nameOf(cell)}: was answered what is for agents`]),
        ...(isAgent || cell.actor === 'owner' || !text.includes(ownersMark)
          ? []
          : [`${nameOf(cell)}: was answered what is the owner's`]),
      ]
    })
  }

  it('[T01] has a row for each request and each route, and none for anything else', () => {
    expect([...new Set(socketRows.map((row) => row.name))].sort()).toEqual(Object.keys(requests).sort())
    const asked = [...routes].filter((route) => !route.startsWith('HEAD '))
    expect([...new Set(httpRows.map((row) => row.name))].sort()).toEqual(asked.sort())
  })

  it('[T01] [T02] [T04] [T07] [RQ4] [RQ7] [HT7] [HT8] refuses whom it must, and then changes nothing and tells nobody; who looks changes nothing either', async () => {
    const cells = allCells().filter(({ expected }) => expected !== 'ok')
    const before = await stage.rows()
    for (const { client } of Object.values(stage.people)) client.received.length = 0
    const answers = await askAll(cells.map((cell) => ({ cell, subject: stage.shared[cell.row.state ?? 'pending'] })))
    expect(complaints(cells, answers)).toEqual([])
    expect(await stage.rows()).toEqual(before)
    for (const { client } of Object.values(stage.people)) {
      await client.request('conversation:list', { limit: 1 })
      expect(toldOf(client).filter(({ event }) => event !== 'conversation:heads')).toEqual([])
    }
    expect(cells.length).toBeGreaterThan(1000)
  })

  it('[T01] [T02] [T23] answers whom it may, tells strangers nothing of it, and customers nothing that is for agents', async () => {
    const { owner, stranger } = stage.people
    const cells = allCells().filter(({ expected }) => expected === 'ok')
    const byState = await Promise.all(
      [...states, null].map(async (state) => {
        const of = cells.filter((cell) => cell.row.state === state)
        const subjects = await stage.newSubjects(of.length, state)
        return of.map((cell, index) => ({ cell, subject: subjects[index] as (typeof subjects)[number] }))
      }),
    )
    const asked = byState.flat()
    const owners = new Map<Cell, Person>()
    for (const { cell, subject } of asked) if (cell.actor === 'owner') owners.set(cell, await stage.ownerOf(subject))
    const answers = await askAll(asked.map(({ cell, subject }) => ({ cell, subject, owner: owners.get(cell) })))
    expect(
      complaints(
        asked.map(({ cell }) => cell),
        answers,
      ),
    ).toEqual([])

    // Whoever was refused before, or asked to leave, is not told either; and what is told late has been told by the second answer to this.
    const talk = async (state: State, clientMessageId: string) => {
      const { conversationId } = stage.shared[state]
      await owner.client.request('conversation:open', { conversationId })
      await owner.client.request('message:send', { conversationId, clientMessageId, content: ownersMark })
      await owner.client.next('message:created', (message) => message.clientMessageId === clientMessageId)
    }
    for (const state of states) await talk(state, 'first')
    await talk('closed', 'second')
    await stage.people.admin.client.next(
      'conversation:updated',
      ({ conversation }) =>
        conversation.id === stage.shared.closed.conversationId &&
        conversation.lastMessage?.clientMessageId === 'second',
    )
    await stranger.client.request('conversation:list', {})
    const everyOwner = [owner, ...owners.values()]
    for (const { client } of [stranger, ...everyOwner]) expect(JSON.stringify(client.received)).not.toContain(staffMark)
    expect(JSON.stringify(stranger.client.received)).not.toContain(ownersMark)
    const own = await stranger.client.request('conversation:list', {})
    const ownIds = own.conversations.map(({ id }) => id)
    const isOthers = (told: ReceivedEvent) => conversationsOf(told).some((id) => !ownIds.includes(id))
    expect(toldOf(stranger.client).filter(isOthers)).toEqual([])
    for (const { client } of owners.values()) client.close()
  })
})

/** What an event is about; 0 where that cannot be seen. */
function conversationsOf({ data }: ReceivedEvent): number[] {
  if ('heads' in data) return data.heads.map(({ conversationId }) => conversationId)
  if ('conversation' in data) return [data.conversation.id]
  return ['conversationId' in data ? data.conversationId : 0]
}
