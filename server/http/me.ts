// An agent's own profile.

import { MeBody } from '#protocol/http.ts'
import type { App } from '../context.ts'
import { getMe } from '../users/get-me.ts'
import { updateMe } from '../users/update-me.ts'
import { agentOf, agents, type HttpServer } from './callers.ts'

export function meRoutes(app: App, http: HttpServer): void {
  http.get('/me', { config: agents }, (request) => getMe(app, agentOf(request)))

  http.patch('/me', { config: agents, schema: { body: MeBody } }, (request) =>
    updateMe(app, agentOf(request), request.body),
  )
}
