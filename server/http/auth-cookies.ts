// The cookies of the auth calls, the refresh token's and the one of browsers somebody has logged in with: out of scripts' reach, sent to
// those calls alone, never from another site. Over https their names begin with __Secure-, so that nothing that came without TLS can set
// them; __Host- would need Path=/, and the token would travel with every request.

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
  return request.cookies[named(app, request, name)]
}

export function setRefreshCookie(app: App, reply: FastifyReply, refreshToken: string): void {
  reply.setCookie(named(app, reply.request, name), refreshToken, {
    ...attributes(app, reply),
    maxAge: limits.refreshSessionMs / 1000,
  })
}

export function clearRefreshCookie(app: App, reply: FastifyReply): void {
  reply.clearCookie(named(app, reply.request, name), attributes(app, reply))
}

export function setDeviceCookie(app: App, reply: FastifyReply, device: string): void {
  reply.setCookie(named(app, reply.request, deviceName), device, {
    ...attributes(app, reply),
    maxAge: serverLimits.trustedDeviceMs / 1000,
  })
}

/** What somebody logs in with. */
export function browserOf(app: App, request: FastifyRequest): Browser {
  const userAgent = request.headers['user-agent']
    ?.slice(0, 2 * serverLimits.userAgentLength)
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, serverLimits.userAgentLength)
  return {
    address: clientAddress(app.config, request.raw),
    userAgent: userAgent || null,
    device: request.cookies[named(app, request, deviceName)],
  }
}

function attributes(app: App, { request }: FastifyReply) {
  return { path, httpOnly: true, sameSite: 'strict', secure: isSecure(app, request) } as const
}

const isSecure = ({ config }: App, { protocol }: FastifyRequest) =>
  protocol === 'https' || config.publicUrl?.startsWith('https:') === true

const named = (app: App, request: FastifyRequest, cookie: string) =>
  isSecure(app, request) ? `__Secure-${cookie}` : cookie

/** Refuses another site's page before anything is done: what sets or uses the cookie must come from our own pages, or from a program. */
export function requireSameOrigin(app: App) {
  return async (request: FastifyRequest): Promise<void> => {
    if (!isSameOrigin(app.config, request.headers)) throw new AppError('forbidden', 'This page may not call Kefu.')
  }
}
