// Refresh and resume tokens: `<session id>.<256-bit secret>`, stored as SHA-256. Each use replaces the token by a
// successor derived from it, so that a retry after a lost reply gets the same one.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { App } from '../context.ts'

export interface PresentedToken {
  sessionId: number
  hash: Buffer
}

export const writeToken = (sessionId: number, secret: string) => `${sessionId}.${secret}`

export const newSecret = () => randomBytes(32).toString('base64url')

export const hashSecret = (secret: string) => createHash('sha256').update(secret).digest()

/** Undefined if the format is wrong. */
export function readToken(text: string | undefined): PresentedToken | undefined {
  const [, id, secret] = /^([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{43})$/.exec(text ?? '') ?? []
  return id && secret ? { sessionId: Number(id), hash: hashSecret(secret) } : undefined
}

export const isSameHash = (presented: Buffer, stored: Buffer | null) =>
  stored !== null && timingSafeEqual(presented, stored)

/** The secret that succeeds the one with this hash. */
export const successorOf = ({ jwtSecrets }: Pick<App, 'jwtSecrets'>, hash: Buffer) =>
  derive(jwtSecrets[0] as string, hash)

/** The successor of the previous token if it is still current, whichever signing secret derived it. */
export function successorInUse(
  { jwtSecrets }: Pick<App, 'jwtSecrets'>,
  { tokenHash, previousHash }: { tokenHash: Buffer; previousHash: Buffer | null },
): string | undefined {
  if (previousHash === null) return undefined
  return jwtSecrets
    .map((secret) => derive(secret, previousHash))
    .find((successor) => isSameHash(hashSecret(successor), tokenHash))
}

const derive = (secret: string, hash: Buffer) =>
  createHmac('sha256', secret).update('next token ').update(hash).digest('base64url')
