// Hashes passwords: argon2id with OWASP's parameters. Verifies what other programs stored, too. A hash occupies a core
// for tens of milliseconds, so concurrency and queues are bounded. Trusted devices have their own queue, served first:
// strangers can fill only theirs.

import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { argon2id, hash, needsRehash, verify } from 'argon2'
import { compare } from 'bcrypt'
import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../shared/errors.ts'
import { readPasswordHash } from './password-hash.ts'

const cost = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Matches no password. Verified for unknown users, so that timing does not reveal that they do not exist. */
const placeholderHash = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${randomText(16)}$${randomText(32)}`

/**
 * At most serverLimits.concurrentPasswordHashes, and one core is left to the chat. On two cores a second concurrent
 * hash makes messages four times as slow for the same number of guesses (docs/performance/log.md).
 */
export const concurrentHashes = Math.max(1, Math.min(serverLimits.concurrentPasswordHashes, availableParallelism() - 1))
const queues = {
  trusted: { waiting: [] as (() => void)[], limit: serverLimits.trustedPasswordHashQueue },
  strangers: { waiting: [] as (() => void)[], limit: serverLimits.passwordHashQueue },
}
let running = 0

/** For authenticated users only. Throws overloaded when too many wait. */
export function hashPassword(password: string): Promise<string> {
  return withHashSlot('trusted', () => hash(normal(password), cost))
}

/**
 * Takes equally long without a usable hash. A bcrypt hash takes its own time, until the first login replaces it. Throws
 * overloaded when too many wait.
 */
export function verifyPassword(
  passwordHash: string | null | undefined,
  password: string,
  by: keyof typeof queues = 'strangers',
): Promise<boolean> {
  return withHashSlot(by, async () => {
    const { scheme } = readPasswordHash(passwordHash)
    if (scheme === 'bcrypt')
      return verifyAsTyped(password, (typed) => compare(typed, toBcrypt2b(passwordHash as string)))
    if (scheme === 'argon2') return verifyAsTyped(password, (typed) => verify(passwordHash as string, typed))
    return verify(placeholderHash, normal(password))
  })
}

/** Not made with the current scheme and parameters, though usable. */
export function isOutdated(passwordHash: string | null | undefined): boolean {
  const { scheme } = readPasswordHash(passwordHash)
  return scheme === 'bcrypt' || (scheme === 'argon2' && needsRehash(passwordHash as string, cost))
}

/** PHP's $2y$ is the algorithm that others call $2b$. */
const toBcrypt2b = (passwordHash: string) => passwordHash.replace(/^\$2y\$/, '$2b$')

/** Other programs hash the characters as typed, without normalizing them. */
async function verifyAsTyped(password: string, isCorrect: (typed: string) => Promise<boolean>): Promise<boolean> {
  if (await isCorrect(normal(password))) return true
  return normal(password) !== password && isCorrect(password)
}

/** The same characters typed on another keyboard are the same password. */
const normal = (password: string) => password.normalize('NFKC')

async function withHashSlot<T>(by: keyof typeof queues, work: () => Promise<T>): Promise<T> {
  const { waiting, limit } = queues[by]
  if (running < concurrentHashes) running += 1
  else if (waiting.length < limit) await new Promise<void>((resolve) => waiting.push(resolve))
  else throw new AppError('overloaded', 'Too many people are signing in. Try again.')
  try {
    return await work()
  } finally {
    // Hands the slot to the next waiter without freeing it.
    const next = queues.trusted.waiting.shift() ?? queues.strangers.waiting.shift()
    if (next) next()
    else running -= 1
  }
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '')
}
