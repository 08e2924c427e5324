// What the loader on a shop's page and the frame say to each other, over a MessageChannel. Neither trusts the other: whatever does not
// have one of these shapes is dropped. Nothing of ours that is secret and nothing that was written ever crosses; an identity is the page's.

import type { Page } from '#protocol/entities.ts'

/** The one window message: it carries the frame's end of the channel, and goes to Kefu's exact origin. */
export const hello = 'kefu:hello'

export type FromPage =
  /** What the page says of its customer: signed by the shop, or merely said. */
  | { type: 'identify'; identity?: string | undefined; name?: string | undefined; email?: string | undefined }
  /** `focus`: somebody asked for it, so the cursor goes along. */
  | { type: 'panel'; isOpen: boolean; focus: boolean; page: Page }
  /** Forget who this is. */
  | { type: 'shutdown' }

export type FromFrame =
  | { type: 'ready' }
  | { type: 'close' }
  | { type: 'unread'; count: number }
  /** There is a customer, perhaps with a conversation: a hint the page may keep, since it says no more than that. */
  | { type: 'session'; hasConversation: boolean }
  /** What the page said of its customer was refused. */
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
