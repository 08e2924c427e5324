// Refresh and resume tokens: `<session id>.<256-bit secret>`, stored as SHA-256. Each use replaces the token by a
// successor derived from it, so that a retry after a lost reply gets the same one. Earlier tokens stay valid for a
// grace period: no tab, delay or lost reply ends a session.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { StoredTokens, TokenHashes } from '#db/queries/session-tokens.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../context.ts'

export interface PresentedToken {
  sessionId: number
  secret: string
  hash: Buffer
}

export interface FormerToken {
  hash: Buffer
  /** Milliseconds since 1970. */
  replacedAt: number
}

export interface RotationRules {
  /** How long a former token stays valid. */
  graceMs: number
  /**
   * Whether a token after its grace period is a sign of theft. A late previous token then gets another successor, so
   * that one of two holders will present a token that was replaced.
   */
  detectsReuse: boolean
}

/** `changes` are to be stored; without them nothing changes. */
export interface Rotation {
  secret: string
  changes?: TokenHashes
}

type Ring = Pick<App, 'jwtSecrets'>

const hashLength = 32
const timeLength = 8
const formerLength = timeLength + hashLength

export const writeToken = (sessionId: number, secret: string) => `${sessionId}.${secret}`

export const newSecret = () => randomBytes(32).toString('base64url')

export const hashSecret = (secret: string) => createHash('sha256').update(secret).digest()

/** Undefined if the format is wrong. */
export function readToken(text: string | undefined): PresentedToken | undefined {
  const [, id, secret] = /^([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{43})$/.exec(text ?? '') ?? []
  return id && secret ? { sessionId: Number(id), secret, hash: hashSecret(secret) } : undefined
}

/** What the holder of a token gets. `reused` after its grace period, `unknown` if the session does not remember it. */
export function rotateToken(
  ring: Ring,
  tokens: StoredTokens,
  { hash, secret }: PresentedToken,
  { graceMs, detectsReuse }: RotationRules,
): Rotation | 'reused' | 'unknown' {
  const isInGrace = (since: number) => Date.parse(tokens.now) - since <= graceMs
  const former = unpackFormerTokens(tokens.formerHashes)
  if (isSameHash(hash, tokens.tokenHash)) {
    const needed = former.filter(({ replacedAt }) => isInGrace(replacedAt))
    // Without room for another former token the current one remains.
    if (needed.length >= serverLimits.formerTokens) return { secret }
    return replaceUsed(ring, tokens, detectsReuse ? former : needed)
  }
  if (isSameHash(hash, tokens.previousHash)) {
    if (!detectsReuse) return currentToken(ring, tokens)
    if (!isInGrace(Date.parse(tokens.rotatedAt))) return replaceUnused(ring, tokens)
    // The current token is issued again, so that its grace period begins again.
    const { tokenHash, previousHash, formerHashes } = tokens
    return { changes: { tokenHash, previousHash, formerHashes }, ...currentToken(ring, tokens) }
  }
  const found = former.find((each) => isSameHash(hash, each.hash))
  if (found === undefined) return 'unknown'
  return isInGrace(found.replacedAt) ? currentToken(ring, tokens) : 'reused'
}

/**
 * The session's current token. A new one if nobody can derive it: the first is random, or its signing secret is gone.
 */
export function currentToken(ring: Ring, tokens: StoredTokens): Rotation {
  const [latest] = unpackFormerTokens(tokens.formerHashes)
  for (const before of [tokens.previousHash, latest?.hash ?? null])
    for (const jwtSecret of before === null ? [] : ring.jwtSecrets) {
      const secret = derive(jwtSecret, before as Buffer)
      if (isSameHash(hashSecret(secret), tokens.tokenHash)) return { secret }
    }
  return tokens.previousHash === null ? replaceUsed(ring, tokens, []) : replaceUnused(ring, tokens)
}

/** Whether the token ends the session at a logout: any that the session remembers. */
export const isRemembered = (hash: Buffer, { tokenHash, previousHash, formerHashes }: TokenHashes) =>
  [tokenHash, previousHash, ...unpackFormerTokens(formerHashes).map((each) => each.hash)].some((stored) =>
    isSameHash(hash, stored),
  )

export const packFormerTokens = (tokens: readonly FormerToken[]): Buffer =>
  Buffer.concat(
    tokens.map(({ hash, replacedAt }) => {
      const time = Buffer.alloc(timeLength)
      time.writeBigInt64BE(BigInt(replacedAt))
      return Buffer.concat([time, hash])
    }),
  )

/** The newest first. */
export const unpackFormerTokens = (packed: Buffer | null): FormerToken[] =>
  Array.from({ length: Math.floor((packed?.length ?? 0) / formerLength) }, (_, index) => {
    const entry = (packed as Buffer).subarray(index * formerLength, (index + 1) * formerLength)
    return { replacedAt: Number(entry.readBigInt64BE()), hash: entry.subarray(timeLength) }
  })

/** The current token was used, so that its reply has arrived. */
const replaceUsed = (ring: Ring, tokens: StoredTokens, former: FormerToken[]): Rotation =>
  successor(ring, tokens, { previousHash: tokens.tokenHash, replaced: tokens.previousHash, former })

/** The previous token remains: its holder has no other. */
const replaceUnused = (ring: Ring, tokens: StoredTokens): Rotation =>
  successor(ring, tokens, {
    previousHash: tokens.previousHash,
    replaced: tokens.tokenHash,
    former: unpackFormerTokens(tokens.formerHashes),
  })

function successor(
  { jwtSecrets }: Ring,
  { tokenHash, now }: StoredTokens,
  {
    previousHash,
    replaced,
    former,
  }: Pick<TokenHashes, 'previousHash'> & { replaced: Buffer | null; former: FormerToken[] },
): Rotation {
  const secret = derive(jwtSecrets[0] as string, tokenHash)
  const newest = replaced === null ? [] : [{ hash: replaced, replacedAt: Date.parse(now) }]
  const remembered = [...newest, ...former].slice(0, serverLimits.formerTokens)
  const formerHashes = remembered.length === 0 ? null : packFormerTokens(remembered)
  return { secret, changes: { tokenHash: hashSecret(secret), previousHash, formerHashes } }
}

const isSameHash = (presented: Buffer, stored: Buffer | null) => stored !== null && timingSafeEqual(presented, stored)

const derive = (secret: string, hash: Buffer) =>
  createHmac('sha256', secret).update('next token ').update(hash).digest('base64url')
