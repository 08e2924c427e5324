// Access tokens: short-lived JWTs that name a user and a session. The first JWT secret signs; `kid` chooses the one
// that verifies. One algorithm and one type; every bad token gets the same answer.

import { createHash } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'

/** Whose session the token names: a login session of an agent or admin, or a customer session. */
export type TokenAudience = 'agent' | 'customer'

export interface TokenDeps {
  /** Signs with the first, verifies with all. */
  jwtSecrets: readonly string[]
  /** Milliseconds since 1970. */
  now(): number
}

export interface AccessToken {
  userId: number
  sessionId: number
  audience: TokenAudience
  /** Milliseconds since 1970. */
  expiresAt: number
}

const algorithm = 'HS256'
const issuer = 'kefu'
/** Distinguishes our tokens from other JWTs signed with the same secret. */
const type = 'kefu-access+jwt'
const maxLength = 4096

export const unauthorized = () => new AppError('unauthorized', 'Sign in again.')

/** Public: part of every token's header. */
const keyId = (secret: string) => createHash('sha256').update(`kid ${secret}`).digest('base64url').slice(0, 12)

/** expiresIn is in seconds. */
export function signAccessToken(
  app: TokenDeps,
  { userId, sessionId, audience }: Omit<AccessToken, 'expiresAt'>,
): { token: string; expiresIn: number } {
  const secret = app.jwtSecrets[0] as string
  const iat = Math.floor(app.now() / 1000)
  const expiresIn = limits.accessTokenMs / 1000
  const payload = { iss: issuer, aud: audience, sub: String(userId), sid: sessionId, iat, exp: iat + expiresIn }
  const token = jwt.sign(payload, secret, { algorithm, header: { alg: algorithm, typ: type, kid: keyId(secret) } })
  return { token, expiresIn }
}

/** Throws unauthorized unless the token is ours and valid now. authenticate.ts checks the session. */
export function verifyAccessToken(app: TokenDeps, token: unknown): AccessToken {
  const claims = readAccessToken(app, token)
  if (claims === undefined) throw unauthorized()
  return claims
}

/** The claims of a token that is ours and valid now, else undefined. */
export function readAccessToken(app: TokenDeps, token: unknown): AccessToken | undefined {
  if (typeof token !== 'string' || token.length > maxLength) return undefined
  const { sub, aud, exp, sid } = readClaims(app, token) ?? {}
  const userId = /^[1-9][0-9]{0,14}$/.test(sub ?? '') ? Number(sub) : 0
  if (userId === 0 || !Number.isSafeInteger(sid) || exp === undefined) return undefined
  return aud === 'agent' || aud === 'customer'
    ? { userId, sessionId: sid, audience: aud, expiresAt: exp * 1000 }
    : undefined
}

/** Undefined for every error that the library throws. */
function readClaims(app: TokenDeps, token: string): jwt.JwtPayload | undefined {
  try {
    const header = jwt.decode(token, { complete: true })?.header
    const secret = app.jwtSecrets.find((candidate) => keyId(candidate) === header?.kid)
    if (secret === undefined || header?.typ !== type) return undefined
    const clockTimestamp = Math.floor(app.now() / 1000)
    const payload = jwt.verify(token, secret, { algorithms: [algorithm], issuer, clockTimestamp })
    return typeof payload === 'string' ? undefined : payload
  } catch {
    return undefined
  }
}
