// The page that the customer is on, in the form the server accepts:
// an http URL without query or fragment, and a clean title.

import type { Page } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'

/** null for pages without an http URL, such as a local file. */
export function cleanPage({ url, title }: Page): Page | null {
  if (!URL.canParse(url)) return null
  const { protocol, origin, pathname } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') return null
  return {
    url: (origin + pathname).slice(0, limits.urlLength),
    title: title.replaceAll('\0', '').slice(0, limits.pageTitleLength).toWellFormed(),
  }
}
