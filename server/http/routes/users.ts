// User administration. Users are disabled, never deleted: their messages keep their author.

import { calls } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { createUser } from '../../users/create-user.ts'
import { listUsers } from '../../users/list-users.ts'
import { updateUser } from '../../users/update-user.ts'
import { admins, agentOf, type HttpServer } from '../route-auth.ts'

export function userRoutes(app: App, http: HttpServer): void {
  http.get('/users', { config: admins, schema: calls['GET /users'] }, (request) => listUsers(app, agentOf(request)))

  http.post('/users', { config: admins, schema: calls['POST /users'] }, (request, reply) => {
    reply.code(201)
    return createUser(app, agentOf(request), request.body)
  })

  http.patch('/users/:id', { config: admins, schema: calls['PATCH /users/:id'] }, (request) =>
    updateUser(app, agentOf(request), { ...request.body, id: Number(request.params.id) }),
  )
}
