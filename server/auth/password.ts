// Passwords: argon2id with OWASP's parameters. A hash costs a processor for tens of milliseconds, so few run at once and few wait: an
// attack on the login must not slow the chat. Trusted devices wait in a queue of their own, which is served first: strangers fill only theirs.

import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { argon2id, hash, needsRehash, verify } from 'argon2'
import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../shared/errors.ts'

const cost = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** What nobody's password fits: verified for unknown users, so that the time taken does not tell that there is none. */
const nobodys = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${randomText(16)}$${randomText(32)}`

/** At most serverLimits.concurrentPasswordHashes, and one processor is left to the chat: on two, a second hash at once makes every message four times
 * as slow for the same number of guesses (docs/PERFORMANCE.md). */
export const hashesAtOnce = Math.max(1, Math.min(serverLimits.concurrentPasswordHashes, availableParallelism() - 1))
const queues = {
  trusted: { waiting: [] as (() => void)[], limit: serverLimits.trustedPasswordHashQueue },
  strangers: { waiting: [] as (() => void)[], limit: serverLimits.passwordHashQueue },
}
let running = 0

/** Only for people who have shown who they are. Throws overloaded when too many wait already. */
export function hashPassword(password: string): Promise<string> {
  return inTurn('trusted', () => hash(normal(password), cost))
}

/** Takes as long without a hash of ours (no such user, or of another make) as with one. Throws overloaded when too many wait already. */
export function verifyPassword(
  passwordHash: string | null | undefined,
  password: string,
  by: keyof typeof queues = 'strangers',
): Promise<boolean> {
  const known = passwordHash?.startsWith('$argon2id$') ? passwordHash : nobodys
  return inTurn(by, () => verify(known, normal(password)))
}

/** Made with other parameters than today's. */
export const isOutdated = (passwordHash: string | null | undefined) =>
  passwordHash?.startsWith('$argon2id$') === true && needsRehash(passwordHash, cost)

/** The same characters typed on another keyboard are the same password. */
const normal = (password: string) => password.normalize('NFKC')

async function inTurn<T>(by: keyof typeof queues, work: () => Promise<T>): Promise<T> {
  const { waiting, limit } = queues[by]
  if (running < hashesAtOnce) running += 1
  else if (waiting.length < limit) await new Promise<void>((resolve) => waiting.push(resolve))
  else throw new AppError('overloaded', 'Too many people are signing in just now.')
  try {
    return await work()
  } finally {
    // The place goes to the next in turn, without ever being free.
    const next = queues.trusted.waiting.shift() ?? queues.strangers.waiting.shift()
    if (next) next()
    else running -= 1
  }
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '')
}
