// A customer and an agent who talk while others attack: every message must be acknowledged, and published to both in
// order.

import type { Message } from '#protocol/entities.ts'
import { type Client, connectClient } from '../support/client.ts'

export interface HealthyPair {
  conversationId: number
  /** Ends the conversation. Returns the number of messages and everything that went wrong. */
  stop(): Promise<{ said: number; slowestMs: number; wrongs: string[] }>
}

export async function startHealthyPair(url: string, customerToken: string, agentToken: string): Promise<HealthyPair> {
  const customer = await connectClient(url, customerToken)
  const agent = await connectClient(url, agentToken)
  const { conversation } = await customer.request('conversation:start', {})
  const conversationId = conversation.id
  await agent.request('conversation:claim', { conversationId })
  await agent.request('conversation:open', { conversationId })
  const wrongs: string[] = []
  const heard = [customer, agent].map((client) => listen(client, wrongs))
  let goesOn = true
  let said = 0
  let slowestMs = 0

  async function talk() {
    while (goesOn) {
      const speaker = said % 2 === 0 ? customer : agent
      const content = `line ${++said}`
      const sentAt = performance.now()
      const { message } = await speaker.request('message:send', {
        conversationId,
        clientMessageId: `h${said}`,
        content,
      })
      await Promise.all(heard.map((hears) => hears(said)))
      slowestMs = Math.max(slowestMs, performance.now() - sentAt)
      if (message.seq !== said || message.content !== content)
        wrongs.push(`line ${said} became ${message.seq}: ${message.content}`)
    }
  }

  const talking = talk().catch((error: Error) => void wrongs.push(error.message))
  return {
    conversationId,
    async stop() {
      goesOn = false
      await talking
      for (const client of [customer, agent]) client.close()
      return { said, slowestMs, wrongs }
    },
  }
}

/** Resolves when the client has received the message with that seq. Records messages that arrive out of order. */
function listen({ socket }: Client, wrongs: string[]): (seq: number) => Promise<void> {
  let last = 0
  let tell = () => {}
  socket.on('message:created', ({ seq }: Message) => {
    if (seq !== last + 1) wrongs.push(`after ${last} came ${seq}`)
    last = seq
    tell()
  })
  socket.on('disconnect', (reason) => {
    if (reason !== 'io client disconnect') wrongs.push(`lost the connection: ${reason}`)
  })
  return (seq) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${seq} was not told`)), 15_000)
      tell = () => {
        if (last < seq) return
        clearTimeout(timer)
        resolve()
      }
      tell()
    })
}
