// 20 agents work off a queue of 1,000 conversations, all of them after each one: how long it takes, and that each has exactly one winner.

import { createAgents, inParallel, startConversation } from '../accounts.ts'
import { type LoadConnection, openConnection } from '../load/connection.ts'
import { type Metric, metric, type Scenario } from '../metrics.ts'
import { type RunningKefu, startKefu } from '../servers.ts'

const agents = 20

export const queue: Scenario = {
  name: 'queue',
  async run({ options, progress }): Promise<Metric[]> {
    const count = options.quick ? 100 : 1_000
    const kefu = await startKefu()
    try {
      const tokens = await createAgents(kefu, agents)
      const rounds: Awaited<ReturnType<typeof workOff>>[] = []
      for (let round = 1; round <= options.rounds; round++) {
        progress(`${agents} agents claim ${count} conversations: round ${round}`)
        const ids = (await inParallel(count, () => startConversation(kefu))).map(({ conversationId }) => conversationId)
        rounds.push(await workOff(kefu, tokens, ids))
      }
      return [
        metric(
          `${count} conversations claimed, ${agents} agents after each`,
          's',
          rounds.map(({ seconds }) => seconds),
        ),
        metric(
          'claims answered',
          '/s',
          rounds.map(({ seconds }) => (count * agents) / seconds),
        ),
        metric(
          'conversations without exactly one winner',
          '',
          rounds.map(({ wrong }) => wrong),
          { atMost: 0 },
        ),
      ]
    } finally {
      await kefu.stop()
    }
  },
}

async function workOff(kefu: RunningKefu, tokens: readonly string[], ids: readonly number[]) {
  const connections = await Promise.all(tokens.map((token) => connect(kefu.url, token)))
  const winners = new Map(ids.map((id) => [id, 0]))
  const from = performance.now()
  await Promise.all(
    connections.map(async (connection) => {
      for (const conversationId of ids) {
        const reply = (await connection.request('conversation:claim', { conversationId })) as Claimed
        if (reply.ok) winners.set(conversationId, (winners.get(conversationId) as number) + 1)
        else if (reply.error.code !== 'already_claimed') throw new Error(JSON.stringify(reply))
      }
    }),
  )
  const seconds = (performance.now() - from) / 1000
  for (const connection of connections) connection.close()
  return { seconds, wrong: [...winners.values()].filter((count) => count !== 1).length }
}

type Claimed = { ok: true } | { ok: false; error: { code: string } }

const connect = (url: URL, token: string): Promise<LoadConnection> =>
  openConnection(url, { auth: { token }, requests: [] }, { acknowledged() {}, event() {}, ended() {} })
