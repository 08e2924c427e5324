// Access tokens: JWTs of ten minutes that name a user and a session. One algorithm, a key ring by kid, a type of its own; whatever is
// wrong with a token, the answer is the same.

import { createHash } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'

/** Who a token is for: agents and admins, or customers. */
export type Audience = 'agent' | 'customer'

export interface AccessClaims {
  userId: number
  /** A login session for agents, a customer session for customers. */
  sessionId: number
  audience: Audience
}

export interface VerifiedToken extends AccessClaims {
  /** Milliseconds since 1970. */
  expiresAt: number
}

export interface SignedToken {
  token: string
  /** Seconds. */
  expiresIn: number
}

type Keys = Pick<App, 'jwtSecrets' | 'now'>

const algorithm = 'HS256'
const type = 'kefu-access+jwt'
const issuer = 'kefu'
const audiences: [Audience, ...Audience[]] = ['agent', 'customer']

export function signAccessToken({ jwtSecrets, now }: Keys, { userId, sessionId, audience }: AccessClaims): SignedToken {
  const [secret] = jwtSecrets
  if (secret === undefined) throw new Error('there is no secret to sign with')
  const expiresIn = limits.accessTokenMs / 1000
  const token = jwt.sign({ sid: sessionId, iat: Math.floor(now() / 1000) }, secret, {
    algorithm,
    header: { alg: algorithm, typ: type, kid: keyId(secret) },
    issuer,
    audience,
    subject: String(userId),
    expiresIn,
  })
  return { token, expiresIn }
}

/** Throws unauthorized, alike for every bad token, whatever it is made of. */
export function verifyAccessToken({ jwtSecrets, now }: Keys, token: unknown): VerifiedToken {
  try {
    return readClaims(String(token), jwtSecrets, Math.floor(now() / 1000))
  } catch {
    throw badToken()
  }
}

export const badToken = () => new AppError('unauthorized', 'The token is not valid, or not any more.')

function readClaims(token: string, secrets: readonly string[], nowSeconds: number): VerifiedToken {
  const header = jwt.decode(token, { complete: true })?.header
  const secret = secrets.find((each) => keyId(each) === header?.kid)
  if (secret === undefined || header?.typ !== type) throw badToken()
  const claims = jwt.verify(token, secret, {
    algorithms: [algorithm],
    issuer,
    audience: audiences,
    clockTimestamp: nowSeconds,
    maxAge: limits.accessTokenMs / 1000,
  })
  if (typeof claims === 'string' || typeof claims.exp !== 'number') throw badToken()
  const audience = audiences.find((each) => each === claims.aud)
  const userId = /^[1-9][0-9]{0,15}$/.test(claims.sub ?? '') ? Number(claims.sub) : 0
  if (audience === undefined || !isId(userId) || !isId(claims.sid)) throw badToken()
  return { userId, sessionId: claims.sid, audience, expiresAt: claims.exp * 1000 }
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0

/** Names a secret without telling anything of it. */
const keyId = (secret: string) => createHash('sha256').update(`kefu key ${secret}`).digest('base64url').slice(0, 8)
