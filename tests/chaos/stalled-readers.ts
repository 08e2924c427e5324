// Readers that stop reading, one after another, under heavy traffic: the memory that each costs the server, and when
// it is disconnected.

import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logIn } from './account.ts'
import { startCluster } from './cluster.ts'
import { type Inspector, inspect } from './inspector.ts'
import { agentPassword, gatherPeople, type People } from './people.ts'
import { createRandom } from './random.ts'
import { openRawReader } from './raw-reader.ts'

export interface StallFindings {
  /** Bytes of content published per second. */
  bytesPerSecond: number
  /**
   * How long each stalled reader stayed connected, in milliseconds; Infinity for one that was not disconnected in
   * time.
   */
  disconnectedAfter: number[]
  /** Growth of the server's live memory while readers stall, in bytes: the 90th percentile and the peak. */
  growth: number
  peakGrowth: number
  acknowledged: number
  /** Acknowledged messages that the normal reader did not receive. */
  undelivered: string[]
}

export const maxGrowth = 2 * 2 ** 20
const maxMs = 5_000
const timeoutMs = 20_000
const senders = 12
/** Four bytes per character, at the maximum length of a message. */
const content = '🍵'.repeat(4000)

/** Sends as fast as possible: a quarter of the time before, half with stalled readers, a quarter after. */
export async function stallReaders(source: string, durationMs: number): Promise<StallFindings> {
  const cluster = await startCluster({ nodes: 1, source, env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } })
  const output = () => readFile(join(cluster.folder, 'node1.log'), 'utf8')
  const node = cluster.nodes[0]
  if (node === undefined) throw new Error('The cluster has no node.')
  try {
    const { journal } = cluster
    const people = await gatherPeople({ urls: [node.url], customers: 1, agents: 2, journal, random: createRandom(1) })
    const conversationId = people.talks[0]?.conversationId ?? 0
    const inspector = await inspect(/ws:\/\/\S+/.exec(await output())?.[0] ?? '')
    const sending = startSending(people, conversationId)
    await sleep(2_000)
    const before = await watchMemory(inspector, sleep(durationMs / 4))

    const disconnectedAfter: number[] = []
    const reader = await logIn(node.url, 'agent2', agentPassword, journal)
    const countDisconnects = async () => (await output()).split('"reason":"slow"').length - 1
    const stalling = async () => {
      for (const until = performance.now() + durationMs / 2; performance.now() < until; ) {
        const disconnects = await countDisconnects()
        const raw = await openRawReader(node.url, reader.token(), conversationId)
        const from = performance.now()
        raw.stall()
        while ((await countDisconnects()) === disconnects && performance.now() - from < timeoutMs) await sleep(50)
        const took = performance.now() - from
        disconnectedAfter.push(took < timeoutMs ? took : Number.POSITIVE_INFINITY)
        raw.close()
      }
    }
    const stalled = await watchMemory(inspector, stalling())
    // A process grows a little while it warms up, so the baseline is measured twice.
    const after = await watchMemory(inspector, sleep(durationMs / 4))
    const { acknowledged, bytesPerSecond } = await sending.stop()
    await sleep(1_000)
    // More messages may be stored than acknowledged, because a reply can be late.
    const received = new Set(people.talks[0]?.customer.view.messages.map(({ clientMessageId }) => clientMessageId))
    inspector.close()
    people.close()
    return {
      bytesPerSecond,
      disconnectedAfter,
      growth: stalled.usual - Math.max(before.usual, after.usual),
      peakGrowth: stalled.peak - Math.max(before.peak, after.peak),
      acknowledged: acknowledged.length,
      undelivered: acknowledged.filter((id) => !received.has(id)),
    }
  } finally {
    await cluster.stop(false)
  }
}

/** The kernel's socket buffers fill before the server's. That takes extra time when little is sent. */
export function wasDisconnectedInTime({ bytesPerSecond }: StallFindings, tookMs: number): boolean {
  return tookMs < maxMs + (kernelBytes() / bytesPerSecond) * 1000
}

function kernelBytes(): number {
  const files = ['/proc/sys/net/ipv4/tcp_rmem', '/proc/sys/net/ipv4/tcp_wmem']
  return files.reduce(
    (sum, file) => sum + (existsSync(file) ? Number(readFileSync(file, 'utf8').split(/\s+/)[2]) : 0),
    0,
  )
}

/** The 90th percentile and the peak of the live memory. A single sample may hit the middle of a batch. */
async function watchMemory(
  inspector: Inspector,
  meanwhile: Promise<unknown>,
): Promise<{ usual: number; peak: number }> {
  let isOver = false
  const over = meanwhile.finally(() => {
    isOver = true
  })
  const samples: number[] = []
  while (!isOver) {
    samples.push(await inspector.liveBytes())
    await sleep(100)
  }
  await over
  samples.sort((a, b) => a - b)
  return { usual: samples[Math.floor(samples.length * 0.9)] ?? 0, peak: samples.at(-1) ?? 0 }
}

/** The customer sends messages of maximum length, several at a time. */
function startSending({ talks }: People, conversationId: number) {
  const client = talks[0]?.customer.client
  const from = performance.now()
  let isOver = false
  const acknowledged: string[] = []
  let written = 0
  const sendAll = async () => {
    while (!isOver && client) {
      const clientMessageId = `s${++written}`
      const outcome = await client.request('message:send', { conversationId, clientMessageId, content })
      if (outcome.kind === 'ok') acknowledged.push(clientMessageId)
    }
  }
  const sending = Array.from({ length: senders }, sendAll)
  return {
    async stop() {
      isOver = true
      await Promise.all(sending)
      const seconds = (performance.now() - from) / 1000
      return { acknowledged, bytesPerSecond: Math.round((acknowledged.length * Buffer.byteLength(content)) / seconds) }
    },
  }
}
