// What an attachment is called where people see it or save it: one line without tricks, its ending fitting what it is.

import { limits } from '#protocol/limits.ts'

/** Separators of paths on any system; what is not to be seen or changes the direction of what is; line breaks. */
const pathParts = /^.*[/\\]/s
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\uFFFD]/gu
const edges = /^[\s.]+|[\s.]+$/g

/** `endings`: those that fit its type, the usual one first. */
export function attachmentName(given: string, endings: readonly string[]): string {
  const clean = given.toWellFormed().normalize('NFC').replace(pathParts, '').replace(/\s+/g, ' ').replace(unseen, '')
  const name = clean.replace(edges, '') || 'file'
  const ending = endingOf(name)
  const fits = endings.includes(ending)
  const stem = fits ? name.slice(0, -ending.length - 1) : name
  const kept = fits ? name.slice(-ending.length) : endings[0]
  const short = [...stem].slice(0, limits.attachmentNameLength - 1 - (kept?.length ?? 0)).join('')
  return `${short.replace(edges, '') || 'file'}.${kept}`
}

/** In lower case; '' where there is none. */
export function endingOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
}
