// Finds links in message text. Returns pieces of text and links, never HTML.

import { isEmail } from '#protocol/email.ts'
import { limits } from '#protocol/limits/wire.ts'

export interface Link {
  href: string
  text: string
}

const protocols = new Set(['http:', 'https:'])

/** Ends at white space, quotes, brackets and bidi controls, and at CJK characters, which need no space before them. */
const candidate =
  /\b(?:https?:\/\/|mailto:)[^\s<>"'`{}|\\^\p{Bidi_Control}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef\u2018-\u201f\u2026]+/giu

export function splitLinks(text: string): (string | Link)[] {
  const pieces: (string | Link)[] = []
  let end = 0
  for (const match of text.matchAll(candidate)) {
    const url = trimTrailing(match[0])
    const href = safeHref(url)
    if (href === null) continue
    if (match.index > end) pieces.push(text.slice(end, match.index))
    pieces.push({ href, text: url })
    end = match.index + url.length
  }
  if (end < text.length) pieces.push(text.slice(end))
  return pieces
}

/**
 * Excludes closing punctuation, and brackets opened before the link.
 * Counts brackets once, so thousands of them cost linear time.
 */
function trimTrailing(url: string): string {
  const unopened = { ')': surplus(url, ')', '('), ']': surplus(url, ']', '[') }
  let end = url.length
  for (; end > 0; end--) {
    const last = url[end - 1] as string
    if (/[.,;:!?…*_~]/.test(last)) continue
    if ((last === ')' || last === ']') && unopened[last]-- > 0) continue
    break
  }
  return url.slice(0, end)
}

const surplus = (text: string, closing: string, opening: string) =>
  text.split(closing).length - text.split(opening).length

/**
 * Longer than any host name with a user in front. Converting international names takes time by the square of their
 * length.
 */
const authorityLength = 300

function safeHref(url: string): string | null {
  const [, authority = ''] = /^https?:\/*([^/?#]*)/i.exec(url) ?? []
  if (authority.length > authorityLength) return null
  if (!URL.canParse(url)) return null
  const { protocol, href, pathname } = new URL(url)
  // A link to an address alone: subject, copies and text are for the agent to choose.
  if (protocol === 'mailto:') return isEmail(decoded(pathname)) ? `mailto:${pathname}` : null
  return protocols.has(protocol) ? href : null
}

/** '' for what cannot be decoded or is too long to be an address. */
function decoded(path: string): string {
  try {
    return path.length > 3 * limits.emailLength ? '' : decodeURIComponent(path)
  } catch {
    return ''
  }
}
