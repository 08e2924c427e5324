// Links made of what customers gave: an email address and the page they wrote from. What cannot be linked safely stays
// text.

import { isEmail } from '#protocol/email.ts'
import { limits } from '#protocol/limits/wire.ts'

/** Null for what is no address: rows from before the check was strict may hold any text. */
export function mailtoHref(email: string): string | null {
  if (email.length > limits.emailLength || !isEmail(email)) return null
  const at = email.lastIndexOf('@')
  return `mailto:${encodeURIComponent(email.slice(0, at))}@${encodeURIComponent(email.slice(at + 1))}`
}

export interface PageLink {
  href: string
  /** Where it leads, as the browser spells it: without user names, with international names in Punycode. */
  host: string
}

/** Null for anything but http and https. */
export function pageLink(url: string): PageLink | null {
  if (!URL.canParse(url)) return null
  const { protocol, host, href } = new URL(url)
  return protocol === 'https:' || protocol === 'http:' ? { href, host } : null
}
