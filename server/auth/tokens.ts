// Access tokens: short-lived JWTs that name a user and a session, signed with the ring's first secret and verified with the one their
// `kid` picks. One algorithm, one type; every bad token is answered alike, so that nobody learns what is wrong with it.

import { createHash } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { limits } from '#protocol/limits/wire.ts'
import type { App } from '../context.ts'
import { AppError } from '../shared/errors.ts'

/** Whose session the token names: a login session of an agent or admin, or a customer session. */
export type TokenAudience = 'agent' | 'customer'

export interface AccessToken {
  userId: number
  sessionId: number
  audience: TokenAudience
  /** Milliseconds since 1970. */
  expiresAt: number
}

const algorithm = 'HS256'
const issuer = 'kefu'
/** Keeps apart from any other JWT that somebody may sign with the same secret. */
const type = 'kefu-access+jwt'
const longest = 4096

export const unauthorized = () => new AppError('unauthorized', 'Sign in again.')

/** Public: stands in every token's header. */
const keyId = (secret: string) => createHash('sha256').update(`kid ${secret}`).digest('base64url').slice(0, 12)

/** expiresIn is in seconds. */
export function signAccessToken(
  app: Pick<App, 'jwtSecrets' | 'now'>,
  { userId, sessionId, audience }: Omit<AccessToken, 'expiresAt'>,
): { token: string; expiresIn: number } {
  const secret = app.jwtSecrets[0] as string
  const iat = Math.floor(app.now() / 1000)
  const expiresIn = limits.accessTokenMs / 1000
  const payload = { iss: issuer, aud: audience, sub: String(userId), sid: sessionId, iat, exp: iat + expiresIn }
  const token = jwt.sign(payload, secret, { algorithm, header: { alg: algorithm, typ: type, kid: keyId(secret) } })
  return { token, expiresIn }
}

/** Throws unauthorized for whatever is not a token of ours that is good now; whether its session stands is for authenticate.ts to say. */
export function verifyAccessToken(app: Pick<App, 'jwtSecrets' | 'now'>, token: unknown): AccessToken {
  const known = readAccessToken(app, token)
  if (known === undefined) throw unauthorized()
  return known
}

/** What a token of ours that is good now says, else undefined. */
export function readAccessToken(app: Pick<App, 'jwtSecrets' | 'now'>, token: unknown): AccessToken | undefined {
  if (typeof token !== 'string' || token.length > longest) return undefined
  const { sub, aud, exp, sid } = readClaims(app, token) ?? {}
  const userId = /^[1-9][0-9]{0,14}$/.test(sub ?? '') ? Number(sub) : 0
  if (userId === 0 || !Number.isSafeInteger(sid) || exp === undefined) return undefined
  return aud === 'agent' || aud === 'customer'
    ? { userId, sessionId: sid, audience: aud, expiresAt: exp * 1000 }
    : undefined
}

/** The library throws a class for each thing that can be wrong; here they all are one. */
function readClaims(app: Pick<App, 'jwtSecrets' | 'now'>, token: string): jwt.JwtPayload | undefined {
  try {
    const header = jwt.decode(token, { complete: true })?.header
    const secret = app.jwtSecrets.find((candidate) => keyId(candidate) === header?.kid)
    if (secret === undefined || header?.typ !== type) return undefined
    const clockTimestamp = Math.floor(app.now() / 1000)
    const claims = jwt.verify(token, secret, { algorithms: [algorithm], issuer, clockTimestamp })
    return typeof claims === 'string' ? undefined : claims
  } catch {
    return undefined
  }
}
