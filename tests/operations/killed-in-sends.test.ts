import { describe, expect, it } from 'vitest'
import type { Message } from '#protocol/entities.ts'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { connectClient } from '../support/client.ts'
import { newDatabaseUrl } from '../support/database.ts'
import { isLongRun } from '../support/scale.ts'
import { newDataDir, startServer } from '../support/server-process.ts'

const kills = isLongRun ? 20 : 8

describe('a server killed while messages are sent', () => {
  it(`[MS1] [MS2] [MS3] keeps every acknowledged message, once, in order, over ${kills} kills`, async () => {
    const settings = {
      DATABASE_URL: newDatabaseUrl(),
      JWT_SECRET: 'a secret of thirty-two characters',
      ADMIN_PASSWORD: 'correct horse battery',
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'info',
    }
    const start = async () => {
      const server = startServer(await newDataDir(), settings)
      return { server, url: await server.ready() }
    }
    // The next one starts while the previous one is still working.
    let following = start()
    const acknowledged = new Map<string, Message>()
    const outbox: string[] = []
    let next = 0
    let token = ''
    let conversationId = 0
    let acknowledgedInAll = 0

    for (let round = 0; round <= kills; round++) {
      const { server, url } = await following
      if (round < kills) following = start()
      token ||= await newCustomer(url)
      const customer = await connectClient(url, token)
      conversationId ||= (await customer.request('conversation:start', {})).conversation.id
      while (outbox.length < 30) outbox.push(`m${++next}`)
      const killAfter = round < kills ? 1 + (round % 7) * 3 : Number.POSITIVE_INFINITY
      let inRound = 0
      const sends = outbox.map(async (id) => {
        // The kill prevents this reply; the next round sends the same id again.
        const reply = await customer.socket
          .emitWithAck('message:send', { conversationId, clientMessageId: id, content: `line ${id}` })
          .catch(() => null)
        if (!reply?.ok) return
        acknowledged.set(id, reply.data.message)
        if (++inRound === killAfter) server.kill('SIGKILL')
      })
      await Promise.all(sends)
      acknowledgedInAll += inRound
      outbox.splice(0, outbox.length, ...outbox.filter((id) => !acknowledged.has(id)))
      customer.close()
      if (round < kills) {
        await server.exited
        continue
      }
      const stored = await history(url, token, conversationId)
      expect(stored.map((message) => message.seq)).toEqual(stored.map((_, index) => index + 1))
      expect(stored.map((message) => message.clientMessageId)).toEqual(stored.map((_, index) => `m${index + 1}`))
      expect(stored.length).toBeGreaterThanOrEqual(acknowledgedInAll)
      for (const [id, message] of acknowledged)
        expect(stored.find((one) => one.clientMessageId === id)).toEqual(message)
      server.kill('SIGTERM')
      await server.exited
    }
    expect(acknowledged.size).toBeGreaterThan(kills)
  }, 120_000)
})

async function newCustomer(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/widget/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  return ((await response.json()) as WidgetSessionReply).token
}

async function history(url: string, token: string, conversationId: number): Promise<Message[]> {
  const messages: Message[] = []
  for (let hasMore = true; hasMore; ) {
    const after = messages.at(-1)?.seq ?? 0
    const response = await fetch(`${url}/api/v1/conversations/${conversationId}/messages?after=${after}&limit=100`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const page = (await response.json()) as { messages: Message[]; hasMore: boolean }
    messages.push(...page.messages)
    hasMore = page.hasMore
  }
  return messages
}
