// What a message costs its sender, counted before anything else is done with it: each one of both sides, and the bytes of customers.

import type { App } from '../context.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

/** Throws rate_limited. */
export function consumeMessage({ rates }: Pick<App, 'rates'>, actor: Actor, content: string): void {
  if (!isCustomer(actor)) {
    rates.consume('agentMessages', actor.userId)
    return
  }
  rates.consume('customerMessages', actor.userId)
  const bytes = Buffer.byteLength(content)
  rates.consume('messageBytesPerCustomer', actor.userId, bytes)
  rates.consume('messageBytesPerAddress', actor.address.group, bytes)
}
