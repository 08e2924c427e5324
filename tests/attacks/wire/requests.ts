// Requests over accepted WebSockets, with their replies counted.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget, Target } from '../attack.ts'
import { repeatedly } from './raw-socket.ts'
import { openWebSocket, type RawWebSocket, type Reply } from './web-socket.ts'

/** Counts the reply to a request; false once the connection has ended. */
export async function askOn(budget: Budget, raw: RawWebSocket, name: string, payload: unknown): Promise<Reply | null> {
  budget.count('requests')
  const reply = await Promise.race([raw.request(name, payload), budget.over.then(() => null)])
  if (reply === null) {
    if (!budget.isOver()) budget.count('cuts')
  } else if (!reply.ok) {
    budget.count('refusals')
    await sleep(1)
  } else budget.count(`${name} accepted`)
  return reply
}

export async function onSockets(
  target: Target,
  budget: Budget,
  tokens: readonly string[],
  work: (raw: RawWebSocket, index: number) => Promise<void>,
): Promise<void> {
  await repeatedly(budget, tokens.length, async (index) => {
    budget.count('connections')
    const raw = await openWebSocket(target, { token: tokens[index] as string }).catch((error: unknown) => {
      budget.count('refusals')
      throw error
    })
    void budget.over.then(raw.end)
    while (raw.isOpen() && !budget.isOver()) await work(raw, index)
    raw.end()
  })
}
