// Rate limits for messages, consumed before any other work: messages of both sides, and bytes of customers.

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
