// Readers that stop reading while much is said, one after another: what each of them costs the server, and how soon it is cut.

import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { logIn } from './account.ts'
import { startRig } from './cluster.ts'
import { type Inspector, inspect } from './inspector.ts'
import { agentPassword, gatherPeople, type People } from './people.ts'
import { createRandom } from './random.ts'
import { openRawReader } from './raw-reader.ts'

export interface StallFindings {
  /** What the conversation's members were told in a second, in bytes of content. */
  bytesPerSecond: number
  /** How long each stalled reader stayed, in milliseconds; Infinity for one that was not cut in time. */
  cutAfter: number[]
  /** What was alive in the server while readers stalled, over what is without them, in bytes: usually, and at the most. */
  growth: number
  peakGrowth: number
  acknowledged: number
  /** Acknowledged messages that a reader beside them was not told. */
  untold: string[]
}

export const mostGrowth = 2 * 2 ** 20
const mostMs = 5_000
const patienceMs = 20_000
const senders = 12
/** Four bytes each, as many as a message may have. */
const content = '🍵'.repeat(4000)

/** Says as much as goes through, half of the time with stalled readers, a quarter before and a quarter after. */
export async function stallReaders(source: string, durationMs: number): Promise<StallFindings> {
  const rig = await startRig({ nodes: 1, source, env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } })
  const output = () => readFile(join(rig.folder, 'node1.log'), 'utf8')
  const node = rig.nodes[0]
  if (node === undefined) throw new Error('there is no node')
  try {
    const { journal } = rig
    const people = await gatherPeople({ urls: [node.url], customers: 1, agents: 2, journal, random: createRandom(1) })
    const conversationId = people.talks[0]?.conversationId ?? 0
    const inspector = await inspect(/ws:\/\/\S+/.exec(await output())?.[0] ?? '')
    const speech = startSpeech(people, conversationId)
    await sleep(2_000)
    const before = await watchMemory(inspector, sleep(durationMs / 4))

    const cutAfter: number[] = []
    const reader = await logIn(node.url, 'agent2', agentPassword, journal)
    const countCuts = async () => (await output()).split('"reason":"slow"').length - 1
    const stalling = async () => {
      for (const until = performance.now() + durationMs / 2; performance.now() < until; ) {
        const cuts = await countCuts()
        const raw = await openRawReader(node.url, reader.token(), conversationId)
        const from = performance.now()
        raw.stall()
        while ((await countCuts()) === cuts && performance.now() - from < patienceMs) await sleep(50)
        const took = performance.now() - from
        cutAfter.push(took < patienceMs ? took : Number.POSITIVE_INFINITY)
        raw.close()
      }
    }
    const stalled = await watchMemory(inspector, stalling())
    // A process grows a little while it warms up: what it holds without stalled readers is looked at again.
    const after = await watchMemory(inspector, sleep(durationMs / 4))
    const { acknowledged, bytesPerSecond } = await speech.stop()
    await sleep(1_000)
    // More may be stored than was acknowledged: an answer can be late.
    const told = new Set(people.talks[0]?.customer.view.messages.map(({ clientMessageId }) => clientMessageId))
    inspector.close()
    people.close()
    return {
      bytesPerSecond,
      cutAfter,
      growth: stalled.usual - Math.max(before.usual, after.usual),
      peakGrowth: stalled.peak - Math.max(before.peak, after.peak),
      acknowledged: acknowledged.length,
      untold: acknowledged.filter((id) => !told.has(id)),
    }
  } finally {
    await rig.stop(false)
  }
}

/** Before the server holds anything for a reader the kernel does, as much as it may: that takes time of its own where little is said. */
export function wasCutInTime({ bytesPerSecond }: StallFindings, tookMs: number): boolean {
  return tookMs < mostMs + (kernelBytes() / bytesPerSecond) * 1000
}

function kernelBytes(): number {
  const files = ['/proc/sys/net/ipv4/tcp_rmem', '/proc/sys/net/ipv4/tcp_wmem']
  return files.reduce(
    (sum, file) => sum + (existsSync(file) ? Number(readFileSync(file, 'utf8').split(/\s+/)[2]) : 0),
    0,
  )
}

/** What is alive in nine of ten looks, and at the most: one look may fall into the middle of a batch of whoever else is served. */
async function watchMemory(
  inspector: Inspector,
  meanwhile: Promise<unknown>,
): Promise<{ usual: number; peak: number }> {
  let isOver = false
  const over = meanwhile.finally(() => {
    isOver = true
  })
  const looks: number[] = []
  while (!isOver) {
    looks.push(await inspector.liveBytes())
    await sleep(100)
  }
  await over
  looks.sort((a, b) => a - b)
  return { usual: looks[Math.floor(looks.length * 0.9)] ?? 0, peak: looks.at(-1) ?? 0 }
}

/** The customer says the longest words there are, several at once. */
function startSpeech({ talks }: People, conversationId: number) {
  const person = talks[0]?.customer.person
  const from = performance.now()
  let isOver = false
  const acknowledged: string[] = []
  let written = 0
  const speak = async () => {
    while (!isOver && person) {
      const clientMessageId = `s${++written}`
      const outcome = await person.request('message:send', { conversationId, clientMessageId, content })
      if (outcome.kind === 'ok') acknowledged.push(clientMessageId)
    }
  }
  const speaking = Array.from({ length: senders }, speak)
  return {
    async stop() {
      isOver = true
      await Promise.all(speaking)
      const seconds = (performance.now() - from) / 1000
      return { acknowledged, bytesPerSecond: Math.round((acknowledged.length * Buffer.byteLength(content)) / seconds) }
    },
  }
}
