// A client that was away while 5,000 messages were written asks for all of them, page by page over its socket.

import { limits } from '#protocol/limits/wire.ts'
import { makeRooms } from '../accounts.ts'
import { type Figure, figure, type Part } from '../figures.ts'
import { type LoadConnection, openConnection } from '../load/connection.ts'
import { body } from '../load/run.ts'
import { startKefu } from '../servers.ts'

const written = 5_000
const writtenAtOnce = 200

export const catchUp: Part = {
  name: 'catch-up',
  async run({ options, say }): Promise<Figure[]> {
    const kefu = await startKefu()
    try {
      const [room] = await makeRooms(kefu, { rooms: 1, agents: 1 })
      if (room === undefined) throw new Error('no room was made')
      const { conversationId, customerToken: token } = room
      const customer = await openConnection(kefu.url, { auth: { token }, requests: [] }, deaf)
      say(`writing ${written} messages`)
      const writtenFrom = performance.now()
      for (let from = 0; from < written; from += writtenAtOnce) {
        await Promise.all(
          Array.from({ length: writtenAtOnce }, (_, index) => write(customer, conversationId, from + index)),
        )
      }
      const writingSeconds = (performance.now() - writtenFrom) / 1000
      const seconds: number[] = []
      for (let round = 1; round <= options.rounds; round++) {
        const agent = await openConnection(kefu.url, { auth: { token: room.agentToken }, requests: [] }, deaf)
        const from = performance.now()
        const read = await readAll(agent, conversationId)
        seconds.push((performance.now() - from) / 1000)
        if (read !== written) throw new Error(`${read} messages were read of ${written}`)
        agent.close()
      }
      return [
        figure(`writing them into one conversation, ${writtenAtOnce} in flight`, '/s', [written / writingSeconds]),
        figure(`catching up on ${written} messages, ${limits.pageSize} a page`, 's', seconds),
      ]
    } finally {
      await kefu.stop()
    }
  },
}

const deaf = { acknowledged() {}, event() {}, ended() {} }

interface Page {
  ok: boolean
  data: { messages: { seq: number }[]; hasMore: boolean }
}

async function write(connection: LoadConnection, conversationId: number, index: number): Promise<void> {
  const message = { conversationId, clientMessageId: `catch-up-${index}`, content: body }
  const reply = (await connection.request('message:send', message)) as { ok: boolean }
  if (!reply.ok) throw new Error(JSON.stringify(reply))
}

/** How many there were. */
async function readAll(connection: LoadConnection, conversationId: number): Promise<number> {
  const ask = (name: string, afterSeq: number) =>
    connection.request(name, { conversationId, afterSeq, limit: limits.pageSize }) as Promise<Page>
  let page = await ask('conversation:open', 0)
  let count = page.data.messages.length
  while (page.data.hasMore) {
    page = await ask('message:list', page.data.messages.at(-1)?.seq ?? 0)
    count += page.data.messages.length
  }
  return count
}
