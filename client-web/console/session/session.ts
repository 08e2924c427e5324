// The login session. The access token is held in memory only; an HttpOnly refresh cookie renews it.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { User } from '#protocol/entities.ts'
import type { LoginReply } from '#protocol/http.ts'
import { type AccessToken, accessToken } from '../../shared/connection/access-token.ts'
import { backoffMs } from '../../shared/connection/backoff.ts'
import { type CallOptions, callApi } from '../../shared/connection/call-api.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { setLanguage } from '../../shared/i18n/language.ts'

export type Session =
  | { phase: 'restoring'; isUnreachable: boolean }
  /** hasEnded: the server ended a session that was active on this page. */
  | { phase: 'out'; hasEnded: boolean }
  | { phase: 'in'; user: User }

const state = signal<Session>({ phase: 'restoring', isUnreachable: false })
export const session: ReadonlySignal<Session> = state

let cachedToken: AccessToken | null = null
let renewal: Promise<AccessToken> | null = null
/** A token with less time left is renewed before a call. */
const almostExpiredMs = 15_000

export function currentToken(): AccessToken | null {
  return cachedToken
}

function begin(reply: LoginReply): AccessToken {
  cachedToken = accessToken(reply)
  if (state.value.phase !== 'in' && reply.user.language) setLanguage(reply.user.language)
  state.value = { phase: 'in', user: reply.user }
  return cachedToken
}

export function endSession(hasEnded: boolean): void {
  cachedToken = null
  state.value = { phase: 'out', hasEnded }
}

/** Rotates the refresh cookie for a new access token. Concurrent callers share one request. Throws a RequestError. */
export function renewToken(): Promise<AccessToken> {
  renewal ??= callApi<LoginReply>('/auth/refresh', { method: 'POST' })
    .then(begin)
    .finally(() => {
      renewal = null
    })
  return renewal
}

/** Restores the session when the page opens. Retries until the server responds. */
export async function restoreSession(): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await renewToken()
      return
    } catch (error) {
      if (!(error instanceof RequestError) || !error.retryable) return endSession(false)
      state.value = { phase: 'restoring', isUnreachable: true }
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? backoffMs(tries)))
    }
  }
}

export async function logIn(username: string, password: string): Promise<void> {
  begin(await callApi<LoginReply>('/auth/login', { body: { username, password } }))
}

/** Ends the session on this page even if the server cannot be reached. */
export async function logOut(): Promise<void> {
  await callApi('/auth/logout', { method: 'POST', ...(cachedToken && { token: cachedToken.token }) }).catch(
    () => undefined,
  )
  endSession(false)
}

/** Calls /api/v1 as the logged-in user and renews an expired token once. Throws a RequestError. */
export async function callAsUser<T>(path: string, options: Omit<CallOptions, 'token'> = {}): Promise<T> {
  const current = cachedToken && cachedToken.expiresAt - Date.now() > almostExpiredMs ? cachedToken : await renewToken()
  try {
    return await callApi<T>(path, { ...options, token: current.token })
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== 'unauthorized') throw error
    return callApi<T>(path, { ...options, token: (await renewToken()).token })
  }
}

/** Replaces the user after an update. */
export function setUser(user: User): void {
  state.value = { phase: 'in', user }
}
