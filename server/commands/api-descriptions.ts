// Generates docs/openapi.json from the registered routes and docs/asyncapi.json from the schemas of sockets.

import { describeSockets } from '#protocol/asyncapi.ts'
import type { Role } from '#protocol/entities.ts'
import type { RequestName } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { createHttpServer } from '../http/server.ts'
import { loadConfig } from '../process/config.ts'
import { requests } from '../realtime/requests.ts'

/** The text of each file, by its path from the root of the repository. */
export async function apiDescriptions(): Promise<Record<string, string>> {
  // Registering routes reads only these parts. Handlers, which need the others, never run.
  const app = { config: loadConfig({}), redis: null, workerIpc: null } as unknown as App
  const http = await createHttpServer(app)
  await http.ready()
  const openApi = http.swagger()
  await http.close()
  const roles = Object.fromEntries(Object.entries(requests).map(([name, entry]) => [name, entry.roles]))
  return {
    'docs/openapi.json': format(openApi),
    'docs/asyncapi.json': format(describeSockets(roles as Record<RequestName, readonly Role[]>)),
  }
}

const format = (description: object) => `${JSON.stringify(description, null, 2)}\n`
