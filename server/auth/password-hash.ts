// What a stored password hash is: one that Kefu can verify at a bounded cost, or the name of what it is instead.
// Databases of other programs bring bcrypt and argon2 of any parameters.

import { serverLimits } from '#protocol/limits/server.ts'

export type PasswordHash = { scheme: 'argon2' | 'bcrypt' } | { scheme: 'unusable'; name: string }

const argon2 = /^\$argon2(?:id|i|d)\$v=\d+\$([mtp]=\d+(?:,[mtp]=\d+){2})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$/
const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** The names of what Kefu does not verify, for the operator. */
const others: readonly [RegExp, string][] = [
  [/^$/, 'none'],
  [/^\$argon2/, 'argon2 with other parameters'],
  [/^\$2[abxy]?\$/, `bcrypt with a cost above ${serverLimits.bcryptCost} or damaged`],
  [/^\$[PH]\$/, 'phpass'],
  [/^\$[156y]\$/, 'crypt'],
  [/^(\$?scrypt|scrypt:)/i, 'scrypt'],
  [/^(\$?pbkdf2|pbkdf2[_:])/i, 'PBKDF2'],
  [/^\{?(md5|[0-9a-f]{32}$)/i, 'MD5'],
  [/^\{?(s?sha|\*?[0-9a-f]{40}$)/i, 'SHA-1 or SHA-2'],
  [/^([0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i, 'SHA-1 or SHA-2'],
]

export function readPasswordHash(text: string | null | undefined): PasswordHash {
  const hash = text ?? ''
  const parameters = argon2.exec(hash)?.[1]
  if (parameters !== undefined && isAffordable(parameters)) return { scheme: 'argon2' }
  const cost = bcrypt.exec(hash)?.[1]
  if (cost !== undefined && Number(cost) >= 4 && Number(cost) <= serverLimits.bcryptCost) return { scheme: 'bcrypt' }
  return {
    scheme: 'unusable',
    name: others.find(([pattern]) => pattern.test(hash))?.[1] ?? 'plain text or unrecognised',
  }
}

function isAffordable(parameters: string): boolean {
  const values = new Map(parameters.split(',').map((pair) => pair.split('=') as [string, string]))
  const isWithin = (name: string, most: number) => Number(values.get(name)) >= 1 && Number(values.get(name)) <= most
  return (
    isWithin('m', serverLimits.argonMemoryKiB) &&
    isWithin('t', serverLimits.argonTime) &&
    isWithin('p', serverLimits.argonThreads)
  )
}
