// Logging in, staying logged in, logging out. The refresh token travels in its cookie alone.

import { LoginBody } from '#protocol/http.ts'
import { login } from '../../auth/login.ts'
import { logout } from '../../auth/logout.ts'
import { refresh } from '../../auth/refresh.ts'
import type { App } from '../../context.ts'
import { asAppError } from '../../shared/errors.ts'
import {
  browserOf,
  clearRefreshCookie,
  readRefreshCookie,
  requireSameOrigin,
  setDeviceCookie,
  setRefreshCookie,
} from '../auth-cookies.ts'
import { continuations, everyone, type HttpServer } from '../route-auth.ts'

export function authRoutes(app: App, http: HttpServer): void {
  const onRequest = requireSameOrigin(app)

  http.post('/auth/login', { config: everyone, onRequest, schema: { body: LoginBody } }, async (request, reply) => {
    const { reply: answer, refreshToken, device } = await login(app, request.body, browserOf(app, request))
    setRefreshCookie(app, reply, refreshToken)
    if (device !== undefined) setDeviceCookie(app, reply, device)
    return answer
  })

  http.post('/auth/refresh', { config: continuations, onRequest }, async (request, reply) => {
    try {
      const { reply: answer, refreshToken } = await refresh(app, readRefreshCookie(app, request))
      setRefreshCookie(app, reply, refreshToken)
      return answer
    } catch (error) {
      // Whatever else failed, the session may still be good.
      if (asAppError(error).code === 'unauthorized') clearRefreshCookie(app, reply)
      throw error
    }
  })

  http.post('/auth/logout', { config: continuations, onRequest }, async (request, reply) => {
    await logout(app, readRefreshCookie(app, request))
    clearRefreshCookie(app, reply)
    return reply.code(204).send()
  })
}
