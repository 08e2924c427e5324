// Cleans the name of an attachment for display and download: one line, no invisible or directional characters, an
// extension that fits its type.

import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'

/** Paths of any system; invisible and directional characters; line breaks. */
const pathParts = /^.*[/\\]/s
const invisible = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\uFFFD]/gu
const space = /\s/

/** Bounds a name before anything parses it. Keeps the extension, which alone identifies plain text. */
export function truncateName(given: string): string {
  const maxLength = serverLimits.uploadedNameLength
  const shortened = given.length <= maxLength ? given : given.slice(0, maxLength / 2) + given.slice(-maxLength / 2)
  return shortened.toWellFormed()
}

/** `extensions`: those that fit its type, the usual one first. */
export function attachmentName(given: string, extensions: readonly string[]): string {
  const clean = truncateName(given).normalize('NFC').replace(pathParts, '').replace(/\s+/g, ' ').replace(invisible, '')
  const name = trimEdges(clean) || 'file'
  const extension = extensionOf(name)
  const fits = extensions.includes(extension)
  const stem = fits ? name.slice(0, -extension.length - 1) : name
  const kept = fits ? name.slice(-extension.length) : extensions[0]
  const short = [...stem].slice(0, limits.attachmentNameLength - 1 - (kept?.length ?? 0)).join('')
  return `${trimEdges(short) || 'file'}.${kept}`
}

/**
 * Strips dots and white space at both ends. A loop, since a pattern anchored at `$` takes quadratic time on many dots.
 */
function trimEdges(name: string): string {
  let start = 0
  let end = name.length
  while (start < end && isEdge(name, start)) start++
  while (end > start && isEdge(name, end - 1)) end--
  return name.slice(start, end)
}

const isEdge = (name: string, at: number) => name[at] === '.' || space.test(name[at] as string)

/** In lower case; '' if there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}
