// What the loader on a shop's page and the frame say to each other, over a MessageChannel. Neither trusts the other: whatever does not
// have one of these shapes is dropped. No token and nothing that was written ever crosses.

import type { Page } from '#protocol/entities.ts'

/** The one window message: it carries the frame's end of the channel, and goes to Kefu's exact origin. */
export const hello = 'kefu:hello'

export type FromPage =
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
  | { type: 'ended' }

function record(data: unknown): Record<string, unknown> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

export function isFromFrame(data: unknown): data is FromFrame {
  const { type, count, hasConversation } = record(data)
  if (type === 'unread') return Number.isSafeInteger(count) && (count as number) >= 0
  if (type === 'session') return typeof hasConversation === 'boolean'
  return type === 'ready' || type === 'close' || type === 'ended'
}

export function isFromPage(data: unknown): data is FromPage {
  const { type, isOpen, focus, page } = record(data)
  if (type === 'shutdown') return true
  const { url, title } = record(page)
  const isPage = typeof url === 'string' && typeof title === 'string'
  return type === 'panel' && typeof isOpen === 'boolean' && typeof focus === 'boolean' && isPage
}
