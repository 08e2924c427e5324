// Rate limits of HTTP requests. A valid access token counts for its customer or agent, checked by signature without a
// query. Any other request counts for its address. The matched route selects the rate, never the text of the URL.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { readAccessToken } from '../auth/tokens.ts'
import type { RateName } from '../budgets/budgets.ts'
import { consumeByAddress } from '../budgets/by-address.ts'
import type { App } from '../context.ts'
import { type ClientAddress, clientAddress } from '../shared/client-address.ts'
import { bearerToken, type HttpServer } from './route-auth.ts'

/** `call` is the default, also for requests that match no route. */
export type Admission = 'call' | 'continuation' | 'page' | 'probe'

declare module 'fastify' {
  interface FastifyContextConfig {
    admission?: Admission
  }
}

const ratesByAddress: Record<Exclude<Admission, 'call' | 'continuation'>, RateName> = {
  page: 'pageRequestsPerAddress',
  probe: 'probesPerAddress',
}

export function admitRequests(app: App, http: HttpServer): void {
  http.addHook('onRequest', async (request, reply) => {
    // Pages and files override this.
    reply.header('cache-control', 'no-store')
    admit(app, request, reply)
  })
}

/** Throws rate_limited. A caller that ignores it loses its connection. */
export function admit(app: App, request: FastifyRequest, reply: FastifyReply): void {
  const address = clientAddress(app.config, request.raw)
  try {
    consume(app, request, address)
  } catch (error) {
    if (!app.rates.tryConsume('refusalsPerAddress', address.group)) {
      app.violations.count(address)
      reply.header('connection', 'close')
    }
    throw error
  }
}

function consume(app: App, request: FastifyRequest, address: ClientAddress): void {
  const { admission = 'call' } = request.routeOptions.config ?? {}
  if (admission === 'call') consumeCall(app, request, address)
  else if (admission === 'continuation') consumeByAddress(app.rates, 'continuations', address)
  else app.rates.consume(ratesByAddress[admission], address.group)
}

function consumeCall({ jwtSecrets, now, rates, violations }: App, request: FastifyRequest, address: ClientAddress) {
  const token = readAccessToken({ jwtSecrets, now }, bearerToken(request))
  if (token === undefined) {
    violations.check(address)
    rates.consume('httpRequestsPerAddress', address.group)
  } else rates.consume(token.audience === 'agent' ? 'httpRequestsPerAgent' : 'httpRequestsPerCustomer', token.userId)
}
