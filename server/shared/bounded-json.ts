// Bounds the depth and width of untrusted JSON before anything parses it. A linear scan of the text, which stops at the
// first excess: parsing 60 KB of brackets takes a hundred times as long as refusing them.

import { limits } from '#protocol/limits/wire.ts'
import { AppError } from './errors.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openings: ReadonlySet<number> = new Set([0x5b, 0x7b])
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d])

interface Part {
  /** Where the JSON begins. */
  from?: number
  /** Levels around the payload. */
  envelope?: number
}

/** Throws invalid_request. Text that is no JSON is left to the parser. */
export function assertBoundedJson(json: string, part?: Part): void {
  const excess = excessOf(json, part)
  if (excess !== null) throw new AppError('invalid_request', `The request ${excess}.`, { path: '' })
}

export const isBoundedJson = (json: string, part?: Part): boolean => excessOf(json, part) === null

function excessOf(json: string, { from = 0, envelope = 0 }: Part = {}): string | null {
  const entries: number[] = []
  for (let at = from; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === quote) at = endOfString(json, at)
    else if (openings.has(code)) {
      entries.push(1)
      if (entries.length > limits.requestDepth + envelope) return 'is nested too deep'
    } else if (closings.has(code)) entries.pop()
    else if (code === comma) {
      const count = (entries.pop() ?? 0) + 1
      entries.push(count)
      if (count > limits.requestEntries) return 'has too many entries'
    }
  }
  return null
}

/** The closing quote of the string that opens at `start`; the end of the text if there is none. */
function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0
    while (json.charCodeAt(at - 1 - backslashes) === backslash) backslashes++
    if (backslashes % 2 === 0) return at
  }
  return json.length
}
