// What the past costs: every read of a shop with a million conversations beside that of one with ten thousand, which has as much on its
// hands. Both run at once and are asked in turn, by requests over a socket or, where people never ask themselves, by the query functions.

import { selectConversationsOfCustomer } from '#db/queries/conversation-records.ts'
import { selectChangedConversations, selectHeads } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName, RequestPayloads } from '#protocol/requests.ts'
import { type Metric, metric, type Scenario } from '../metrics.ts'
import { percentiles } from '../percentiles.ts'
import { findSamplePoints, type SamplePoints } from '../sample-points.ts'
import { busiestAgent, type SeededKefu, startSeededKefu } from '../seeded-kefu.ts'

const small = 10_000
/** Of each read in each round. */
const times = 200

type Sampled = SeededKefu & { samplePoints: SamplePoints }
/** One read: the `index`th of so many that are spread over all there is. */
type Read = (shop: Sampled, index: number) => Promise<unknown>

const page = limits.defaultPageSize

const reads: Record<string, Read> = {
  'list, queue': (shop, index) => list(shop, 'queue', index),
  'list, mine': (shop, index) => list(shop, 'mine', index),
  'list, all': (shop, index) => list(shop, 'all', index),
  'list, closed': (shop, index) => list(shop, 'closed', index),
  counts: (shop) => request(shop, 'conversation:count', {}),
  'open, newest page': (shop, index) =>
    request(shop, 'conversation:open', { conversationId: longConversation(shop, index).id }),
  'open, catching up on five': (shop, index) => {
    const { id: conversationId, lastSeq, version } = longConversation(shop, index)
    return request(shop, 'conversation:open', { conversationId, afterSeq: lastSeq - 5, afterVersion: version - 8 })
  },
  'history before': (shop, index) => {
    const { id: conversationId, lastSeq } = longConversation(shop, index)
    return request(shop, 'message:list', { conversationId, beforeSeq: Math.ceil(lastSeq / 2) })
  },
  'history after': (shop, index) => {
    const { id: conversationId, lastSeq } = longConversation(shop, index)
    return request(shop, 'message:list', { conversationId, afterSeq: Math.floor(lastSeq / 2) })
  },
  agents: (shop) => request(shop, 'agent:list', {}),
  "a customer's list (query)": ({ db, samplePoints }, index) =>
    selectConversationsOfCustomer(db, at(samplePoints.longConversations, index).customerId, null, page),
  'comparison, 200 changed (query)': ({ db, samplePoints }) =>
    selectChangedConversations(db, samplePoints.changedSince, serverLimits.reconcileRows),
  'heads of 500 (query)': ({ db, samplePoints }, index) =>
    selectHeads(db, samplePoints.present.slice(index, index + serverLimits.headsRows)),
}

const at = <T>(all: readonly T[], index: number): T => all[index % all.length] as T
const longConversation = ({ samplePoints }: Sampled, index: number) => at(samplePoints.longConversations, index)

async function request<N extends RequestName>({ agent }: Sampled, name: N, payload: RequestPayloads[N]): Promise<void> {
  const reply = (await agent.request(name, payload)) as { ok: boolean }
  if (!reply.ok) throw new Error(`${name}: ${JSON.stringify(reply)}`)
}

function list(shop: Sampled, view: keyof SamplePoints['cursors'], index: number): Promise<void> {
  const cursor = at(shop.samplePoints.cursors[view], index)
  return request(shop, 'conversation:list', { view, limit: page, ...(cursor === null ? {} : { cursor }) })
}

export const reading: Scenario = {
  name: 'reads',
  async run({ options, progress, retryIfDisturbed }): Promise<Metric[]> {
    const large = Math.max(2 * small, (options.quick ? 100_000 : 1_000_000) * options.scale)
    progress(`filling ${small} and ${large} conversations`)
    const shops: Sampled[] = []
    try {
      for (const conversations of [small, large]) {
        const shop = await startSeededKefu(conversations, options.keep)
        shops.push({ ...shop, samplePoints: await findSamplePoints(shop.db, shop.size, busiestAgent) })
      }
      const metrics = shops
        .filter(({ seedSeconds }) => seedSeconds !== null)
        .map(({ size, seedSeconds }) =>
          metric(`filling ${size.conversations} conversations`, 's', [seedSeconds as number]),
        )
      for (const [name, read] of Object.entries(reads)) {
        progress(name)
        // The first time whatever the reads before have not met comes from disk.
        const [, cold] = await timeAlternately(shops, read)
        const rounds: Timed[] = []
        for (let round = 0; round < options.rounds; round++) {
          rounds.push(await retryIfDisturbed(name, () => timeAlternately(shops, read)))
        }
        metrics.push(...metricsOf(name, large, rounds, cold))
      }
      return metrics
    } finally {
      for (const shop of shops) await shop.stop()
    }
  },
}

/** Milliseconds of each read, in the small shop and in the large one. */
type Timed = [small: number[], large: number[]]

/** In turn, so that whatever else the machine does meets both. */
async function timeAlternately(shops: readonly Sampled[], read: Read): Promise<Timed> {
  const timings: Timed = [[], []]
  for (let index = 0; index < times; index++) {
    for (const [which, shop] of shops.entries()) {
      const startedAt = performance.now()
      await read(shop, index)
      timings[which as 0 | 1].push(performance.now() - startedAt)
    }
  }
  return timings
}

function metricsOf(name: string, large: number, rounds: readonly Timed[], cold: number[]): Metric[] {
  const of = (which: 0 | 1, rank: 'p50' | 'p95') => rounds.map((timed) => percentiles(timed[which])[rank])
  const ratios = of(1, 'p50').map((ms, round) => ms / (of(0, 'p50')[round] as number))
  return [
    metric(`${name}: ${small}, p50`, 'ms', of(0, 'p50')),
    metric(`${name}: ${small}, p95`, 'ms', of(0, 'p95')),
    metric(`${name}: ${large}, p50`, 'ms', of(1, 'p50')),
    metric(`${name}: ${large}, p95`, 'ms', of(1, 'p95'), name.startsWith('list') ? { atMost: 10 } : undefined),
    metric(`${name}: ratio of the p50`, 'ratio', ratios, { atMost: 1.5 }),
    metric(`${name}: ${large}, cold, p50`, 'ms', [percentiles(cold).p50]),
    metric(`${name}: ${large}, cold, p95`, 'ms', [percentiles(cold).p95]),
  ]
}
