// Messages between the loader on a shop's page and the frame, over a MessageChannel. Neither side trusts the other:
// messages of any other shape are dropped. No token and no message text crosses; an identity comes from the page.

import type { Page } from '#protocol/entities.ts'

/** The only window message. It carries the frame's end of the channel and is posted to Kefu's exact origin. */
export const hello = 'kefu:hello'

export type FromPage =
  /** The customer's identity, signed by the shop, or unsigned name and email. */
  | { type: 'identify'; identity?: string | undefined; name?: string | undefined; email?: string | undefined }
  /** `focus`: the customer asked for it, so the cursor moves along. */
  | { type: 'panel'; isOpen: boolean; focus: boolean; page: Page }
  /** Ends the customer's session. */
  | { type: 'shutdown' }

export type FromFrame =
  | { type: 'ready' }
  | { type: 'close' }
  | { type: 'unread'; count: number }
  /** A customer session exists, perhaps with a conversation. The page may store this hint: it reveals nothing else. */
  | { type: 'session'; hasConversation: boolean }
  /** The server rejected the identity. */
  | { type: 'error'; code: string }
  | { type: 'ended' }

function record(data: unknown): Record<string, unknown> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

export function isFromFrame(data: unknown): data is FromFrame {
  const { type, count, hasConversation, code } = record(data)
  if (type === 'unread') return Number.isSafeInteger(count) && (count as number) >= 0
  if (type === 'session') return typeof hasConversation === 'boolean'
  if (type === 'error') return typeof code === 'string'
  return type === 'ready' || type === 'close' || type === 'ended'
}

export function isFromPage(data: unknown): data is FromPage {
  const { type, isOpen, focus, page, identity, name, email } = record(data)
  if (type === 'shutdown') return true
  if (type === 'identify') return [identity, name, email].every((text) => ['string', 'undefined'].includes(typeof text))
  const { url, title } = record(page)
  const isPage = typeof url === 'string' && typeof title === 'string'
  return type === 'panel' && typeof isOpen === 'boolean' && typeof focus === 'boolean' && isPage
}
