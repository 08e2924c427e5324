// Who may call a route: every route declares it, and one that does not cannot be registered. The caller is known before the body is
// read, from the bearer token's own row, so that strangers cost nothing more.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Role } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { admit } from '../auth/authenticate.ts'
import type { App } from '../context.ts'
import { type Actor, type AgentActor, isCustomer } from '../shared/actor.ts'
import { clientAddress, isLocal } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'

/** `local`: whoever asks on this machine itself; to others the route does not exist. */
export type Callers = 'public' | 'local' | readonly Role[]

declare module 'fastify' {
  interface FastifyContextConfig {
    roles?: Callers
  }
  interface FastifyRequest {
    actor: Actor | null
    /** All of its body was here once its caller had been read. */
    wasWhole: boolean
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
/** Pages, their files, and what the loader asks. */
export const pages = { roles: 'public', admission: 'page' } as const
/** What supervisors and balancers ask. */
export const probes = { roles: 'public', admission: 'probe' } as const
/** Calls that go on with a session, whose token is in the body or a cookie. */
export const continuations = { roles: 'public', admission: 'continuation' } as const
export const localOnly = { roles: 'local' } as const
export const both = { roles: ['customer', 'agent', 'admin'] } as const
export const agents = { roles: ['agent', 'admin'] } as const
export const admins = { roles: ['admin'] } as const

/** `foreign`: path beginnings of routes that plugins register, which cannot declare for themselves. */
export function guardRoutes(app: App, http: HttpServer, foreign: Record<string, Callers>): void {
  http.decorateRequest('actor', null)
  http.decorateRequest('wasWhole', false)

  http.addHook('onRoute', (route) => {
    const declared = Object.entries(foreign).find(([path]) => route.url === path || route.url.startsWith(`${path}/`))
    if (declared) route.config = { ...route.config, roles: declared[1] }
    if (route.config?.roles === undefined) throw new Error(`${route.method} ${route.url} does not say who may call it.`)
  })

  async function admitCaller(request: FastifyRequest, reply: FastifyReply, roles: readonly Role[]) {
    const before = request.actor
    const { actor } = await admit(app, bearerToken(request), clientAddress(app.config, request.raw))
    request.actor = actor
    if (before !== null) app.actors.leave(before)
    else reply.raw.once('close', () => app.actors.leave(actorOf(request)))
    if (reply.raw.closed) app.actors.leave(actor)
    if (!roles.includes(actor.role)) throw new AppError('forbidden', 'This is not for your role.')
  }

  http.addHook('onRequest', async (request, reply) => {
    const { roles } = request.routeOptions.config
    if (request.is404 || roles === 'public') return
    if (roles === undefined || roles === 'local') {
      if (roles === undefined || !isLocal(app.config, request.raw)) throw noSuchRoute()
      return
    }
    await admitCaller(request, reply, roles)
    request.wasWhole = request.raw.complete
  })

  // A body may come long after its headers; by then its caller's session may have ended.
  http.addHook('preValidation', async (request, reply) => {
    const { roles } = request.routeOptions.config
    if (request.actor !== null && !request.wasWhole && Array.isArray(roles)) await admitCaller(request, reply, roles)
  })
}

export const noSuchRoute = () => new AppError('not_found', 'There is nothing here.')

export function bearerToken({ headers }: FastifyRequest): string | undefined {
  if ((headers.authorization ?? '').length > limits.credentialsLength) return undefined
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
