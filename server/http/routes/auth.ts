// Login, refresh and logout. The refresh token travels only in its cookie.

import { calls } from '#protocol/http.ts'
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

  http.post(
    '/auth/login',
    { config: everyone, onRequest, schema: calls['POST /auth/login'] },
    async (request, reply) => {
      const { reply: body, refreshToken, device } = await login(app, request.body, browserOf(app, request))
      setRefreshCookie(app, reply, refreshToken)
      if (device !== undefined) setDeviceCookie(app, reply, device)
      return body
    },
  )

  http.post(
    '/auth/refresh',
    { config: continuations, onRequest, schema: calls['POST /auth/refresh'] },
    async (request, reply) => {
      try {
        const { reply: body, refreshToken } = await refresh(app, readRefreshCookie(app, request))
        setRefreshCookie(app, reply, refreshToken)
        return body
      } catch (error) {
        // After any other failure the session may still be valid.
        if (asAppError(error).code === 'unauthorized') clearRefreshCookie(app, reply)
        throw error
      }
    },
  )

  http.post(
    '/auth/logout',
    { config: continuations, onRequest, schema: calls['POST /auth/logout'] },
    async (request, reply) => {
      await logout(app, readRefreshCookie(app, request))
      clearRefreshCookie(app, reply)
      return reply.code(204).send()
    },
  )
}
