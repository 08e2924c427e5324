// The login session. The access token is held in memory only; an HttpOnly refresh cookie renews it. All tabs share the
// cookie, so each call that sets it runs under a lock.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { User } from '#protocol/entities.ts'
import type { LoginReply } from '#protocol/http.ts'
import { type AccessToken, accessToken } from '../../shared/connection/access-token.ts'
import { backoffMs } from '../../shared/connection/backoff.ts'
import { type CallOptions, callApi } from '../../shared/connection/call-api.ts'
import { newId } from '../../shared/connection/new-id.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { setLanguage } from '../../shared/i18n/language.ts'
import { openStorage, type Storage } from '../../shared/storage/storage.ts'
import { openTokenLock, type TokenLock } from '../../shared/storage/token-lock.ts'

export type Session =
  | { phase: 'restoring'; isUnreachable: boolean }
  /** hasEnded: the server ended a session that was active on this page. */
  | { phase: 'out'; hasEnded: boolean }
  | { phase: 'in'; user: User }

/** What the session needs of the browser, so that a test can supply it. */
export interface LoginSessionParts {
  call: typeof callApi
  lock: TokenLock
  wait: (ms: number) => Promise<void>
  /** Shared by all tabs. */
  storage: Pick<Storage, 'get' | 'set'>
}

/** Changes whenever a tab has got a new cookie. */
const refreshedKey = 'refreshed'
/** Refreshes in succession that other tabs may overtake. */
const overtakenRefreshes = 3

/** A token with less time left is renewed before a call. */
const almostExpiredMs = 15_000

export function openLoginSession({ call, lock, wait, storage }: LoginSessionParts) {
  const state = signal<Session>({ phase: 'restoring', isUnreachable: false })
  let cachedToken: AccessToken | null = null
  let renewal: Promise<AccessToken> | null = null

  function begin(reply: LoginReply): AccessToken {
    cachedToken = accessToken(reply)
    if (state.value.phase !== 'in' && reply.user.language) setLanguage(reply.user.language)
    state.value = { phase: 'in', user: reply.user }
    return cachedToken
  }

  function endSession(hasEnded: boolean): void {
    cachedToken = null
    state.value = { phase: 'out', hasEnded }
  }

  /** Rotates the refresh cookie for a new access token. Concurrent callers share one request. Throws a RequestError. */
  function renewToken(): Promise<AccessToken> {
    renewal ??= lock(refresh)
      .then(begin)
      .finally(() => {
        renewal = null
      })
    return renewal
  }

  /** A late reply replaces the newer cookie of another tab: it is used while the server still accepts it. */
  async function refresh(): Promise<LoginReply> {
    for (let tries = 1; ; tries++) {
      const before = storage.get(refreshedKey)
      const reply = await call<LoginReply>('/auth/refresh', { method: 'POST' })
      const isOvertaken = storage.get(refreshedKey) !== before
      storage.set(refreshedKey, newId())
      if (!isOvertaken || tries === overtakenRefreshes) return reply
    }
  }

  /** Restores the session when the page opens. Retries until the server responds. */
  async function restoreSession(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await renewToken()
        return
      } catch (error) {
        if (!(error instanceof RequestError) || !error.retryable) return endSession(false)
        state.value = { phase: 'restoring', isUnreachable: true }
        await wait(error.retryAfterMs ?? backoffMs(tries))
      }
    }
  }

  async function logIn(username: string, password: string): Promise<void> {
    begin(await lock(() => call<LoginReply>('/auth/login', { body: { username, password } })))
  }

  /** Ends the session on this page even if the server cannot be reached. */
  async function logOut(): Promise<void> {
    const token = cachedToken && { token: cachedToken.token }
    await lock(() => call('/auth/logout', { method: 'POST', ...token })).catch(() => undefined)
    endSession(false)
  }

  /** Calls /api/v1 as the logged-in user and renews an expired token once. Throws a RequestError. */
  async function callAsUser<T>(path: string, options: Omit<CallOptions, 'token'> = {}): Promise<T> {
    const current =
      cachedToken && cachedToken.expiresAt - Date.now() > almostExpiredMs ? cachedToken : await renewToken()
    try {
      return await call<T>(path, { ...options, token: current.token })
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'unauthorized') throw error
      return call<T>(path, { ...options, token: (await renewToken()).token })
    }
  }

  return {
    session: state as ReadonlySignal<Session>,
    currentToken: () => cachedToken,
    endSession,
    renewToken,
    restoreSession,
    logIn,
    logOut,
    callAsUser,
    /** Replaces the user after an update. */
    setUser(user: User): void {
      state.value = { phase: 'in', user }
    },
  }
}

/** The session of this page. Its cookie is the same in all tabs. */
export const { session, currentToken, endSession, renewToken, restoreSession, logIn, logOut, callAsUser, setUser } =
  openLoginSession({
    call: callApi,
    lock: openTokenLock('kefu:login'),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    storage: openStorage('kefu:login:'),
  })
