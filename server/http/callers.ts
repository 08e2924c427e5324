// Who may call a route: every route declares it, and one that does not cannot be registered. The caller is known before the body is
// read, from the bearer token's own row, so that strangers cost nothing more.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Role } from '#protocol/entities.ts'
import { type Actor, type AgentActor, isCustomer } from '../actor.ts'
import { authenticate } from '../auth/authenticate.ts'
import { clientAddress, isLocal } from '../client-address.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'

/** `local`: whoever asks on this machine itself; to others the route does not exist. */
export type Callers = 'public' | 'local' | readonly Role[]

declare module 'fastify' {
  interface FastifyContextConfig {
    roles?: Callers
    /** Counts for itself, by budgets other than httpRequestsPerAddress. */
    hasOwnBudget?: true
  }
  interface FastifyRequest {
    actor: Actor | null
  }
}

export type HttpServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export const everyone = { roles: 'public' } as const
export const localOnly = { roles: 'local' } as const
export const both = { roles: ['customer', 'agent', 'admin'] } as const
export const agents = { roles: ['agent', 'admin'] } as const
export const admins = { roles: ['admin'] } as const

/** `foreign`: path beginnings of routes that plugins register, which cannot declare for themselves. */
export function guardRoutes(app: App, http: HttpServer, foreign: Record<string, Callers>): void {
  http.decorateRequest('actor', null)

  http.addHook('onRoute', (route) => {
    const declared = Object.entries(foreign).find(([path]) => route.url === path || route.url.startsWith(`${path}/`))
    if (declared) route.config = { ...route.config, roles: declared[1] }
    if (route.config?.roles === undefined) throw new Error(`${route.method} ${route.url} does not say who may call it.`)
  })

  http.addHook('onRequest', async (request) => {
    const { roles } = request.routeOptions.config
    if (request.is404 || roles === 'public') return
    if (roles === undefined || roles === 'local') {
      if (roles === undefined || !isLocal(app.config, request.raw)) throw noSuchRoute()
      return
    }
    const { actor } = await authenticate(app, bearerToken(request), clientAddress(app.config, request.raw))
    request.actor = actor
    if (!roles.includes(actor.role)) throw new AppError('forbidden', 'This is not for your role.')
  })
}

export const noSuchRoute = () => new AppError('not_found', 'There is nothing here.')

export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '')?.[1]
}

/** The caller of a route that declares roles. */
export function actorOf({ actor }: FastifyRequest): Actor {
  if (actor === null) throw new Error('Only a route that declares roles has an actor.')
  return actor
}

/** The caller of a route for agents or admins. */
export function agentOf(request: FastifyRequest): AgentActor {
  const actor = actorOf(request)
  if (isCustomer(actor)) throw new Error('Only a route for agents or admins has an agent.')
  return actor
}
