// What the past costs: every read of a shop with a million conversations beside that of one with ten thousand, which has as much on its
// hands. Both run at once and are asked in turn, by requests over a socket or, where people never ask themselves, by the query functions.

import { selectConversationsOfCustomer } from '#db/queries/conversation-records.ts'
import { selectChangedConversations, selectHeads } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName, RequestPayloads } from '#protocol/requests.ts'
import { type Figure, figure, type Part } from '../figures.ts'
import { busiestAgent, type FilledShop, openShop } from '../filled-shop.ts'
import { percentiles } from '../percentiles.ts'
import { findPlaces, type Places } from '../places.ts'

const small = 10_000
/** Of each read in each round. */
const times = 200

type Shop = FilledShop & { places: Places }
/** One read: the `index`th of so many that are spread over all there is. */
type Read = (shop: Shop, index: number) => Promise<unknown>

const page = limits.defaultPageSize

const reads: Record<string, Read> = {
  'list, queue': (shop, index) => list(shop, 'queue', index),
  'list, mine': (shop, index) => list(shop, 'mine', index),
  'list, all': (shop, index) => list(shop, 'all', index),
  'list, closed': (shop, index) => list(shop, 'closed', index),
  counts: (shop) => request(shop, 'conversation:count', {}),
  'open, newest page': (shop, index) => request(shop, 'conversation:open', { conversationId: talk(shop, index).id }),
  'open, catching up on five': (shop, index) => {
    const { id: conversationId, lastSeq, version } = talk(shop, index)
    return request(shop, 'conversation:open', { conversationId, afterSeq: lastSeq - 5, afterVersion: version - 8 })
  },
  'history before': (shop, index) => {
    const { id: conversationId, lastSeq } = talk(shop, index)
    return request(shop, 'message:list', { conversationId, beforeSeq: Math.ceil(lastSeq / 2) })
  },
  'history after': (shop, index) => {
    const { id: conversationId, lastSeq } = talk(shop, index)
    return request(shop, 'message:list', { conversationId, afterSeq: Math.floor(lastSeq / 2) })
  },
  agents: (shop) => request(shop, 'agent:list', {}),
  "a customer's list (query)": ({ db, places }, index) =>
    selectConversationsOfCustomer(db, at(places.talks, index).customerId, null, page),
  'comparison, 200 changed (query)': ({ db, places }) =>
    selectChangedConversations(db, places.changedSince, serverLimits.reconcileRows),
  'heads of 500 (query)': ({ db, places }, index) =>
    selectHeads(db, places.present.slice(index, index + serverLimits.headsRows)),
}

const at = <T>(all: readonly T[], index: number): T => all[index % all.length] as T
const talk = ({ places }: Shop, index: number) => at(places.talks, index)

async function request<N extends RequestName>({ agent }: Shop, name: N, payload: RequestPayloads[N]): Promise<void> {
  const reply = (await agent.request(name, payload)) as { ok: boolean }
  if (!reply.ok) throw new Error(`${name}: ${JSON.stringify(reply)}`)
}

function list(shop: Shop, view: keyof Places['cursors'], index: number): Promise<void> {
  const cursor = at(shop.places.cursors[view], index)
  return request(shop, 'conversation:list', { view, limit: page, ...(cursor === null ? {} : { cursor }) })
}

export const reading: Part = {
  name: 'reads',
  async run({ options, say, undisturbed }): Promise<Figure[]> {
    const large = Math.max(2 * small, (options.quick ? 100_000 : 1_000_000) * options.scale)
    say(`filling ${small} and ${large} conversations`)
    const shops: Shop[] = []
    try {
      for (const conversations of [small, large]) {
        const shop = await openShop(conversations, options.keep)
        shops.push({ ...shop, places: await findPlaces(shop.db, shop.size, busiestAgent) })
      }
      const figures = shops
        .filter(({ fillSeconds }) => fillSeconds !== null)
        .map(({ size, fillSeconds }) =>
          figure(`filling ${size.conversations} conversations`, 's', [fillSeconds as number]),
        )
      for (const [name, read] of Object.entries(reads)) {
        say(name)
        // The first time whatever the reads before have not met comes from disk.
        const [, cold] = await timeInTurn(shops, read)
        const rounds: Timed[] = []
        for (let round = 0; round < options.rounds; round++) {
          rounds.push(await undisturbed(name, () => timeInTurn(shops, read)))
        }
        figures.push(...figuresOf(name, large, rounds, cold))
      }
      return figures
    } finally {
      for (const shop of shops) await shop.stop()
    }
  },
}

/** Milliseconds of each read, in the small shop and in the large one. */
type Timed = [small: number[], large: number[]]

/** In turn, so that whatever else the machine does meets both. */
async function timeInTurn(shops: readonly Shop[], read: Read): Promise<Timed> {
  const took: Timed = [[], []]
  for (let index = 0; index < times; index++) {
    for (const [which, shop] of shops.entries()) {
      const startedAt = performance.now()
      await read(shop, index)
      took[which as 0 | 1].push(performance.now() - startedAt)
    }
  }
  return took
}

function figuresOf(name: string, large: number, rounds: readonly Timed[], cold: number[]): Figure[] {
  const of = (which: 0 | 1, rank: 'p50' | 'p95') => rounds.map((timed) => percentiles(timed[which])[rank])
  const ratios = of(1, 'p50').map((ms, round) => ms / (of(0, 'p50')[round] as number))
  return [
    figure(`${name}: ${small}, p50`, 'ms', of(0, 'p50')),
    figure(`${name}: ${small}, p95`, 'ms', of(0, 'p95')),
    figure(`${name}: ${large}, p50`, 'ms', of(1, 'p50')),
    figure(`${name}: ${large}, p95`, 'ms', of(1, 'p95'), name.startsWith('list') ? { atMost: 10 } : undefined),
    figure(`${name}: ratio of the p50`, 'ratio', ratios, { atMost: 1.5 }),
    figure(`${name}: ${large}, cold, p50`, 'ms', [percentiles(cold).p50]),
    figure(`${name}: ${large}, cold, p95`, 'ms', [percentiles(cold).p95]),
  ]
}
