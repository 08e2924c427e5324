// What no honest client sends, as JSON text, so that it can hold what JavaScript values cannot: keys twice, own `__proto__`, numbers past
// all bounds, lone surrogates, nesting without end.

import { limits } from '#protocol/limits/wire.ts'
import type { Random } from '../chaos/random.ts'

const small = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '0.5',
    '1e999',
    '-1e999',
    '1e-400',
    '9007199254740993',
    '18446744073709551616',
  ],
  ...[
    '99999999999999999999999999',
    '1e15',
    '"0"',
    '"999999999"',
    '""',
    '" "',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"x\\udfff"',
  ],
  ...[
    '"\\u202e"',
    '"\\ufeff"',
    '"\\r\\n"',
    '"%00"',
    '"../../etc/passwd"',
    '"\'; drop table users; --"',
    '"NaN"',
    '"null"',
  ],
  ...['"__proto__"', '"constructor"', '"toString"', '"then"', '[]', '[[]]', '[null]', '{}', '{"length":4294967295}'],
  ...[
    '{"toString":1}',
    '{"toJSON":1}',
    '{"then":1}',
    '{"valueOf":null}',
    '{"_placeholder":true,"num":0}',
    '{"type":"Buffer","data":[1]}',
  ],
  ...[
    '{"__proto__":{"polluted":true,"limit":1,"afterSeq":1000000}}',
    '{"constructor":{"prototype":{"polluted":true,"limit":1}}}',
  ],
  ...['{"__proto__":null}', '{"hasOwnProperty":1}', '{"a":1,"a":2}', '[1,2,3]', '"2026-01-01T00:00:00.000Z"'],
]

/** Dates and ids as a cursor holds them, from sensible to absurd. */
export const oddCursors = [
  ...['2026-01-01T00:00:00.000Z 1', '0 1', '1 1', '+275760-09-13T00:00:00.000Z 1', '-271821-04-20T00:00:00.000Z 1'],
  ...[
    '9999 999999999999999',
    '9999-12-31T23:59:59.999Z 1',
    '0000-01-01T00:00:00.000Z 1',
    'Infinity 1',
    '2026-01-01T00:00:00.000Z -1',
  ],
  ...['2026-01-01T00:00:00.000Z', ' ', '2026 1 1', '24:00 1', 'Thu,1Jan1970 1'],
].map((text) => Buffer.from(text).toString('base64url'))

/** Of the right type, at the edge of what fits or just past it; ids are of nothing that exists. */
const nearly = {
  number: ['0', '-0', '1e15', '9007199254740991', '9007199254740992', '4294967296', '1e0', '100', '101'],
  string: [
    ...[
      '"a"',
      '"好"',
      '"\u0001"',
      '"\u007f"',
      '"\u2028"',
      '" x "',
      '"\\"',
      '"𠮷"',
      '"\ud842\udfb7"',
      '"e\u0301"',
      '"%s%d"',
      '"/*"',
    ],
    ...[
      '"https://shop.example/"',
      '"https://\ud800"',
      '"2026-01-01"',
      '"<img src=x onerror=alert(1)>"',
      `"${'𠮷'.repeat(limits.contentLength)}"`,
    ],
  ],
  boolean: ['true', 'false', '1', '"true"'],
} as const

/** A JSON text that belongs nowhere. */
export function oddText(random: Random): string {
  const kind = random.next()
  if (kind < 0.75) return random.pick(small)
  if (kind < 0.88) return deepText(random)
  return bigText(random)
}

function deepText(random: Random): string {
  const depth = random.pick([limits.requestDepth - 1, limits.requestDepth + 1, 100, 3_000, 10_000])
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"__proto__":', '}'],
  ] as const)
  return open.repeat(depth) + (open === '[' ? '' : '1') + close.repeat(depth)
}

/** Around the limits of a message, of a request and of the transport. */
function bigText(random: Random): string {
  const around = random.pick([limits.contentLength, limits.requestBytes, limits.requestBytes, limits.transportBytes])
  const length = Math.max(0, around + random.between(-200, 40))
  const unit = random.pick(['a', '好', '\\ud83d', '𠮷', '[],', '{"a":1},', '1,'])
  const count = Math.ceil(length / Buffer.byteLength(unit))
  return unit.endsWith(',') ? `[${unit.repeat(count)}1]` : `"${unit.repeat(count)}"`
}

function oddValue(key: string, value: unknown, random: Random): string {
  if (key === 'cursor' && random.next() < 0.8) return JSON.stringify(random.pick(oddCursors))
  if (random.next() < 0.5) return oddText(random)
  if (typeof value === 'number') return random.pick(/Id$/.test(key) ? nearly.number.slice(2, 6) : nearly.number)
  if (typeof value === 'boolean') return random.pick(nearly.boolean)
  return typeof value === 'object' && value !== null ? mutate(value, random) : random.pick(nearly.string)
}

const oddKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '',
  '0',
  'role',
  'senderId',
  'userId',
  '_placeholder',
]

/** An object as JSON text with one or two things wrong with it, now and then none. `known` are the fields it may have. */
export function mutate(payload: object, random: Random, known: readonly string[] = []): string {
  let fields: [string, string][] = Object.entries(payload).map(([key, value]) => [key, JSON.stringify(value)])
  for (let changes = random.pick([0, 1, 1, 1, 1, 2]); changes > 0; changes--) {
    const kind = random.next()
    if (kind < 0.07) return oddText(random)
    if (kind < 0.1) return `[${textOf(fields)}]`
    if (kind < 0.6 && fields.length > 0) {
      const chosen = random.between(0, fields.length - 1)
      const given = Object.values(payload)
      fields = fields.map(([key, value], index) => [
        key,
        index === chosen ? oddValue(key, given[index], random) : value,
      ])
    } else if (kind < 0.67 && fields.length > 0) fields.splice(random.between(0, fields.length - 1), 1)
    else {
      const key = random.pick(known.length > 0 && random.next() < 0.75 ? known : oddKeys)
      fields.push([key, oddValue(key, /Seq|Version|limit/.test(key) ? 0 : '', random)])
    }
  }
  return textOf(fields)
}

const textOf = (fields: [string, string][]) => `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${value}`)}}`

/** The same bytes with some cut off, changed, doubled or put in: often not UTF-8 any more. */
export function damage(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text)
  const at = random.between(0, Math.max(0, bytes.length - 1))
  const kind = random.between(0, 3)
  if (kind === 0) return bytes.subarray(0, at)
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes])
  if (kind === 2)
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.between(128, 255)]), bytes.subarray(at)])
  const changed = Buffer.from(bytes)
  if (changed.length > 0) changed[at] = random.between(0, 255)
  return changed
}
