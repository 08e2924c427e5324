// Passwords: argon2id as OWASP's floor has it. A hash costs 19 MiB and tens of milliseconds of a core, so few run at once, some wait,
// and the rest is told to come back: a flood of logins must not slow down who is talking.

import { randomBytes } from 'node:crypto'
import { argon2id, hash, verify } from 'argon2'
import { limits } from '#protocol/limits.ts'
import { AppError } from '../errors.ts'

const cost = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const waiting: (() => void)[] = []
let running = 0

/** Throws overloaded when too many wait already. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, cost))
}

/** With no hash (nobody has that name) it takes as long and is false. Throws overloaded when too many wait already. */
export function verifyPassword(passwordHash: string | null | undefined, password: string): Promise<boolean> {
  return inTurn(async () => (await verify(passwordHash ?? nobodysHash, password)) && Boolean(passwordHash))
}

const nobodysHash = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$${noise(16)}$${noise(32)}`

function noise(bytes: number): string {
  return randomBytes(bytes).toString('base64').replaceAll('=', '')
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= limits.passwordHashesAtOnce) {
    if (waiting.length >= limits.passwordHashesWaiting) throw new AppError('overloaded', 'Too many log in at once.')
    // Who finishes hands its place on, so the count stays.
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}
