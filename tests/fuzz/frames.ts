// A run of malformed input over raw connections of people with every role, and over every route. The seed decides
// each step. Replies are counted; each forbidden reply is recorded with its input.

import type { ErrorCode } from '#protocol/errors.ts'
import { type RequestName, requestSchemas } from '#protocol/requests.ts'
import { createRandom, type Random } from '../chaos/random.ts'
import { type Action, payloads } from './actions.ts'
import { sendBroken } from './broken-frames.ts'
import { type HttpTarget, sendMalformedCall } from './http-calls.ts'
import { malformedText, mutate } from './malformed.ts'
import { connectRaw, type RawConnection } from './raw-connection.ts'

export interface Attacker {
  token: string
  userId: number
}

export interface FramesRun {
  http: HttpTarget
  customers: readonly Attacker[]
  agents: readonly Attacker[]
  frames: number
  seed: number
}

export interface FramesReport {
  sent: number
  /** Replies to real requests with a valid session. */
  reached: Map<RequestName, number>
  codes: Map<ErrorCode | 'ok', number>
  statuses: Map<number, number>
  reconnects: number
  /** The inputs that were answered with `internal`. */
  internal: string[]
}

const names = Object.keys(requestSchemas) as RequestName[]
/** Pending requests of one connection: fewer than limits.requestsPerConnection, so that each is processed. */
const burst = 32

export async function runFrames({ http, customers, agents, frames, seed }: FramesRun): Promise<FramesReport> {
  const report: FramesReport = {
    sent: 0,
    reached: new Map(),
    codes: new Map(),
    statuses: new Map(),
    reconnects: 0,
    internal: [],
  }
  const random = createRandom(seed)
  const conversationIds = [http.conversationId]

  async function attack(self: Attacker, random: Random, share: number) {
    let connection = await connectRaw(http.url, self.token)
    let underWay: Promise<void>[] = []

    async function settle() {
      await Promise.all(underWay)
      underWay = []
      if (connection.isOpen()) return
      report.reconnects++
      connection = await connectRaw(http.url, self.token)
    }

    for (let done = 0; done < share; done++) {
      report.sent++
      const kind = random.next()
      if (kind < 0.72) {
        underWay.push(request(connection, self, random))
        if (underWay.length === burst) await settle()
      } else if (kind < 0.92) {
        await settle()
        sendBroken(connection, random)
        // Whatever was sent, the connection is closed or still works.
        await connection.request('message:list', '{}')
        await settle()
      } else {
        const { status, about } = await sendMalformedCall(http, random)
        count(report.statuses, status)
        if (status >= 500 && status !== 503) report.internal.push(about)
      }
    }
    await settle()
    connection.close()
  }

  async function request(connection: RawConnection, self: Attacker, random: Random) {
    const name = random.pick(names)
    const payload = payloads[name](
      {
        conversationId: random.pick(conversationIds),
        customerId: random.pick(customers).userId,
        agentId: random.pick(agents).userId,
        newToken: () => self.token,
      },
      newAction(name, random),
    )
    const args = argsOf(mutate(payload, random, Object.keys(requestSchemas[name].properties)), random)
    const reply = await connection.request(name, args)
    if (reply === null) return
    count(report.reached, name)
    count(report.codes, reply.ok ? 'ok' : reply.error.code)
    if (!reply.ok && reply.error.code === 'internal') report.internal.push(`${name} ${args.slice(0, 1_000)}`)
    const { conversation } = (reply.ok ? reply.data : {}) as { conversation?: { id: number } }
    if (name === 'conversation:start' && conversation) conversationIds.push(conversation.id)
  }

  const people = [...customers, ...agents]
  await Promise.all(people.map((self) => attack(self, random.fork(), Math.ceil(frames / people.length))))
  return report
}

function newAction(name: RequestName, random: Random): Action {
  const [conversation, n] = [random.between(0, 5), random.between(0, 11)]
  return { name, by: 0, isStranger: false, conversation, n, flag: random.next() < 0.5, overlaps: false }
}

/** Mostly the payload alone, sometimes with something beside, before or instead of it. */
function argsOf(payload: string, random: Random): string {
  const kind = random.between(0, 19)
  if (kind === 0) return ''
  if (kind === 1) return `${payload},${malformedText(random)}`
  if (kind === 2) return `null,${payload}`
  return payload
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
