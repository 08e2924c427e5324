// A short-lived access token and when it ends by this machine's own clock, so that a wrong clock does no harm.

export interface AccessToken {
  token: string
  /** Milliseconds, as Date.now() counts. */
  expiresAt: number
}

/** `expiresIn` is in seconds, as the server answers it. */
export function accessToken(reply: { token: string; expiresIn: number }): AccessToken {
  return { token: reply.token, expiresAt: Date.now() + reply.expiresIn * 1000 }
}
