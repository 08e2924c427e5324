// Who is logged in. The access token lives in memory alone; the refresh cookie, which scripts cannot read, brings a new one.

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
  /** hasEnded: there was a session on this page, and the server ended it. */
  | { phase: 'out'; hasEnded: boolean }
  | { phase: 'in'; user: User }

const state = signal<Session>({ phase: 'restoring', isUnreachable: false })
export const session: ReadonlySignal<Session> = state

let cachedToken: AccessToken | null = null
let renewal: Promise<AccessToken> | null = null
/** Less than this left, and a call renews first. */
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

/** Rotates the refresh cookie for a new access token; callers at the same time share one call. Throws a RequestError. */
export function renewToken(): Promise<AccessToken> {
  renewal ??= callApi<LoginReply>('/auth/refresh', { method: 'POST' })
    .then(begin)
    .finally(() => {
      renewal = null
    })
  return renewal
}

/** Once, when the page opens: logged in already, or not, or the server is away and is asked again until it answers. */
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

/** Ends the session here even where the server cannot be told. */
export async function logOut(): Promise<void> {
  await callApi('/auth/logout', { method: 'POST', ...(cachedToken && { token: cachedToken.token }) }).catch(
    () => undefined,
  )
  endSession(false)
}

/** A call under /api/v1 as the user logged in; a token that ran out is renewed once. Throws a RequestError. */
export async function callAsUser<T>(path: string, options: Omit<CallOptions, 'token'> = {}): Promise<T> {
  const current = cachedToken && cachedToken.expiresAt - Date.now() > almostExpiredMs ? cachedToken : await renewToken()
  try {
    return await callApi<T>(path, { ...options, token: current.token })
  } catch (error) {
    if (!(error instanceof RequestError) || error.code !== 'unauthorized') throw error
    return callApi<T>(path, { ...options, token: (await renewToken()).token })
  }
}

/** The user's own row after a change of it. */
export function setUser(user: User): void {
  state.value = { phase: 'in', user }
}
