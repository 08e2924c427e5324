// Cookies of the auth calls: the refresh token and the trusted device. HttpOnly, SameSite=Strict, limited to the auth
// path. Over https the prefix __Secure- keeps plain http from setting them. __Host- would need Path=/ and send the
// token with every request.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { Browser } from '../auth/open-session.ts'
import type { App } from '../context.ts'
import { clientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { isSameOrigin } from '../shared/same-origin.ts'

const name = 'kefu_refresh'
const deviceName = 'kefu_device'
const path = '/api/v1/auth'

export function readRefreshCookie(app: App, request: FastifyRequest): string | undefined {
  return request.cookies[cookieName(app, request, name)]
}

export function setRefreshCookie(app: App, reply: FastifyReply, refreshToken: string): void {
  reply.setCookie(cookieName(app, reply.request, name), refreshToken, {
    ...attributes(app, reply),
    maxAge: limits.refreshSessionMs / 1000,
  })
}

export function clearRefreshCookie(app: App, reply: FastifyReply): void {
  reply.clearCookie(cookieName(app, reply.request, name), attributes(app, reply))
}

export function setDeviceCookie(app: App, reply: FastifyReply, device: string): void {
  reply.setCookie(cookieName(app, reply.request, deviceName), device, {
    ...attributes(app, reply),
    maxAge: serverLimits.trustedDeviceMs / 1000,
  })
}

/** The browser that makes the request. */
export function browserOf(app: App, request: FastifyRequest): Browser {
  const userAgent = request.headers['user-agent']
    ?.slice(0, 2 * serverLimits.userAgentLength)
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, serverLimits.userAgentLength)
  return {
    address: clientAddress(app.config, request.raw),
    userAgent: userAgent || null,
    device: request.cookies[cookieName(app, request, deviceName)],
  }
}

function attributes(app: App, { request }: FastifyReply) {
  return { path, httpOnly: true, sameSite: 'strict', secure: isSecure(app, request) } as const
}

const isSecure = ({ config }: App, { protocol }: FastifyRequest) =>
  protocol === 'https' || config.publicUrl?.startsWith('https:') === true

const cookieName = (app: App, request: FastifyRequest, cookie: string) =>
  isSecure(app, request) ? `__Secure-${cookie}` : cookie

/**
 * Rejects pages of other origins, since the call sets or uses the cookie. A program sends no Origin header and passes.
 */
export function requireSameOrigin(app: App) {
  return async (request: FastifyRequest): Promise<void> => {
    if (!isSameOrigin(app.config, request.headers)) throw new AppError('forbidden', 'Call this from a page of Kefu.')
  }
}
