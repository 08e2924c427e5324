// What an attachment is called where people see it or save it: one line without tricks, its ending fitting what it is.

import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'

/** Separators of paths on any system; what is not to be seen or changes the direction of what is; line breaks. */
const pathParts = /^.*[/\\]/s
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\uFFFD]/gu
const space = /\s/

/** Cut before anything else looks at it. The ending is kept, since of plain text nothing else says what it is. */
export function cutName(given: string): string {
  const most = serverLimits.uploadedNameLength
  const whole = given.length <= most ? given : given.slice(0, most / 2) + given.slice(-most / 2)
  return whole.toWellFormed()
}

/** `endings`: those that fit its type, the usual one first. */
export function attachmentName(given: string, endings: readonly string[]): string {
  const clean = cutName(given).normalize('NFC').replace(pathParts, '').replace(/\s+/g, ' ').replace(unseen, '')
  const name = trimEdges(clean) || 'file'
  const ending = endingOf(name)
  const fits = endings.includes(ending)
  const stem = fits ? name.slice(0, -ending.length - 1) : name
  const kept = fits ? name.slice(-ending.length) : endings[0]
  const short = [...stem].slice(0, limits.attachmentNameLength - 1 - (kept?.length ?? 0)).join('')
  return `${trimEdges(short) || 'file'}.${kept}`
}

/** Without dots and white space around it. A loop: a pattern that ends in `$` is tried again at each dot of a long row of them. */
function trimEdges(name: string): string {
  let start = 0
  let end = name.length
  while (start < end && isEdge(name, start)) start++
  while (end > start && isEdge(name, end - 1)) end--
  return name.slice(start, end)
}

const isEdge = (name: string, at: number) => name[at] === '.' || space.test(name[at] as string)

/** In lower case; '' where there is none. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}
