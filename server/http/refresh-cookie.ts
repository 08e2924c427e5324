// The refresh token's cookie: out of scripts' reach, sent to the auth calls alone, never from another site.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { isOwnOrigin } from '../origin.ts'

const name = 'kefu_refresh'
const path = '/api/v1/auth'

export function readRefreshCookie(request: FastifyRequest): string | undefined {
  return request.cookies[name]
}

export function setRefreshCookie(app: App, reply: FastifyReply, refreshToken: string): void {
  reply.setCookie(name, refreshToken, { ...attributes(app, reply), maxAge: limits.refreshSessionMs / 1000 })
}

export function clearRefreshCookie(app: App, reply: FastifyReply): void {
  reply.clearCookie(name, attributes(app, reply))
}

function attributes({ config }: App, { request }: FastifyReply) {
  const secure = request.protocol === 'https' || config.publicUrl?.startsWith('https:') === true
  return { path, httpOnly: true, sameSite: 'strict', secure } as const
}

/** Refuses another site's page before anything is done: what sets or uses the cookie must come from our own pages, or from a program. */
export function ownPagesOnly(app: App) {
  return async (request: FastifyRequest): Promise<void> => {
    if (!isOwnOrigin(app.config, request.headers)) throw new AppError('forbidden', 'This page may not call Kefu.')
  }
}
