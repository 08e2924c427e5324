// An access token with its expiry by the local clock, so that a wrong clock does no harm.

export interface AccessToken {
  token: string
  /** Milliseconds, as in Date.now(). */
  expiresAt: number
}

/** `expiresIn` is in seconds. */
export function accessToken(reply: { token: string; expiresIn: number }): AccessToken {
  return { token: reply.token, expiresAt: Date.now() + reply.expiresIn * 1000 }
}
