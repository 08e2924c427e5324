// A customer and an agent who talk while others attack: every message must be acknowledged, and published to both in
// order.

import type { Message } from '#protocol/entities.ts'
import { type Client, connectClient } from '../support/client.ts'

export interface HealthyPair {
  conversationId: number
  /** Ends the conversation. Returns the number of messages and everything that went wrong. */
  stop(): Promise<{ sent: number; slowestMs: number; violations: string[] }>
}

export async function startHealthyPair(url: string, customerToken: string, agentToken: string): Promise<HealthyPair> {
  const customer = await connectClient(url, customerToken)
  const agent = await connectClient(url, agentToken)
  const { conversation } = await customer.request('conversation:start', {})
  const conversationId = conversation.id
  await agent.request('conversation:claim', { conversationId })
  await agent.request('conversation:open', { conversationId })
  const violations: string[] = []
  const receivers = [customer, agent].map((client) => listen(client, violations))
  let isRunning = true
  let sent = 0
  let slowestMs = 0

  async function talk() {
    while (isRunning) {
      const speaker = sent % 2 === 0 ? customer : agent
      const content = `line ${++sent}`
      const sentAt = performance.now()
      const { message } = await speaker.request('message:send', {
        conversationId,
        clientMessageId: `h${sent}`,
        content,
      })
      await Promise.all(receivers.map((receive) => receive(sent)))
      slowestMs = Math.max(slowestMs, performance.now() - sentAt)
      if (message.seq !== sent || message.content !== content)
        violations.push(`line ${sent} became ${message.seq}: ${message.content}`)
    }
  }

  const talking = talk().catch((error: Error) => void violations.push(error.message))
  return {
    conversationId,
    async stop() {
      isRunning = false
      await talking
      for (const client of [customer, agent]) client.close()
      return { sent, slowestMs, violations }
    },
  }
}

/** Resolves when the client has received the message with that seq. Records messages that arrive out of order. */
function listen({ socket }: Client, violations: string[]): (seq: number) => Promise<void> {
  let last = 0
  let notify = () => {}
  socket.on('message:created', ({ seq }: Message) => {
    if (seq !== last + 1) violations.push(`after ${last} came ${seq}`)
    last = seq
    notify()
  })
  socket.on('disconnect', (reason) => {
    if (reason !== 'io client disconnect') violations.push(`lost the connection: ${reason}`)
  })
  return (seq) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The event of seq ${seq} is missing.`)), 15_000)
      notify = () => {
        if (last < seq) return
        clearTimeout(timer)
        resolve()
      }
      notify()
    })
}
