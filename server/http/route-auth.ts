// Authorization of routes. Every route declares its roles, and a route without them cannot be registered. The caller is
// authenticated before the body is read, so that an unauthorized request costs nothing more.

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

/** `local`: callers on this machine. To others the route does not exist. */
export type AllowedRoles = 'public' | 'local' | readonly Role[]

declare module 'fastify' {
  interface FastifyContextConfig {
    roles?: AllowedRoles
  }
  interface FastifyRequest {
    actor: Actor | null
    /** The whole body had arrived when the caller was authenticated. */
    bodyRead: boolean
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
/** Pages, their files, and the loader's calls. */
export const pages = { roles: 'public', admission: 'page' } as const
/** Calls of supervisors and load balancers. */
export const probes = { roles: 'public', admission: 'probe' } as const
/** Calls that continue a session, with its token in the body or a cookie. */
export const continuations = { roles: 'public', admission: 'continuation' } as const
export const localOnly = { roles: 'local' } as const
export const both = { roles: ['customer', 'agent', 'admin'] } as const
export const agents = { roles: ['agent', 'admin'] } as const
export const admins = { roles: ['admin'] } as const

/** `plugins`: roles for routes that plugins register, by path prefix. */
export function guardRoutes(app: App, http: HttpServer, plugins: Record<string, AllowedRoles>): void {
  http.decorateRequest('actor', null)
  http.decorateRequest('bodyRead', false)

  http.addHook('onRoute', (route) => {
    const declared = Object.entries(plugins).find(([path]) => route.url === path || route.url.startsWith(`${path}/`))
    if (declared) route.config = { ...route.config, roles: declared[1] }
    if (route.config?.roles === undefined)
      throw new Error(`${route.method} ${route.url} declares no roles: set config.roles.`)
  })

  async function admitCaller(request: FastifyRequest, reply: FastifyReply, roles: readonly Role[]) {
    const before = request.actor
    const { actor } = await admit(app, bearerToken(request), clientAddress(app.config, request.raw))
    request.actor = actor
    if (before !== null) app.actors.leave(before)
    else reply.raw.once('close', () => app.actors.leave(actorOf(request)))
    if (reply.raw.closed) app.actors.leave(actor)
    if (!roles.includes(actor.role)) throw new AppError('forbidden', 'Your role may not make this call.')
  }

  http.addHook('onRequest', async (request, reply) => {
    const { roles } = request.routeOptions.config
    if (request.is404 || roles === 'public') return
    if (roles === undefined || roles === 'local') {
      if (roles === undefined || !isLocal(app.config, request.raw)) throw routeNotFound()
      return
    }
    await admitCaller(request, reply, roles)
    request.bodyRead = request.raw.complete
  })

  // A body may arrive long after its headers. The caller's session may have ended meanwhile, so authenticate again.
  http.addHook('preValidation', async (request, reply) => {
    const { roles } = request.routeOptions.config
    if (request.actor !== null && !request.bodyRead && Array.isArray(roles)) await admitCaller(request, reply, roles)
  })
}

export const routeNotFound = () => new AppError('not_found', 'Route not found.')

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
