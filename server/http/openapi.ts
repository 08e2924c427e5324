// The OpenAPI description of the HTTP API, generated from the registered routes. /api/docs serves it, docs/openapi.json
// keeps it.

import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { extractComponents } from '#protocol/components.ts'
import { ErrorReply } from '#protocol/http.ts'

const binary = { type: 'string', format: 'binary' }
const file = { description: 'The file.', content: { 'application/octet-stream': { schema: binary } } }
const upload = { type: 'object', properties: { file: binary }, required: ['file'] }
const failure = {
  description: 'A failure. The status follows from the error code.',
  content: { 'application/json': { schema: ErrorReply } },
}
const descriptions: Record<string, string> = { 200: 'Success.', 201: 'Created.', 204: 'Done.' }

export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Kefu',
      version: '1',
      description: 'The HTTP API. docs/asyncapi.json describes sockets, and PROTOCOL.md states the rules.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  },
  transform: ({ schema, url, route }) => {
    const [, noun] = /^\/api\/v1\/([a-z-]+)/.exec(url) ?? []
    if (noun === undefined) return { schema: { hide: true }, url }
    const isPublic = route.config?.roles === 'public'
    const isUpload = route.config?.bodyMs !== undefined
    const documented = {
      ...schema,
      tags: [noun],
      security: isPublic ? [] : [{ token: [] }],
      ...(isUpload && { consumes: ['multipart/form-data'], body: upload }),
      response: { ...responses(schema?.response), '4XX': failure, '5XX': failure },
    }
    return { schema: documented, url }
  },
  transformObject: (input) => {
    if (!('openapiObject' in input)) return input.swaggerObject
    const { openapiObject } = input
    const paths = Object.entries(openapiObject.paths ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1))
    const { description, schemas } = extractComponents(Object.fromEntries(paths))
    return { ...openapiObject, components: { ...openapiObject.components, schemas }, paths: description } as never
  },
}

/** Names each response. A call without response schemas returns a file. */
function responses(byStatus: unknown): Record<string, object> {
  if (byStatus === undefined) return { 200: file }
  return Object.fromEntries(
    Object.entries(byStatus as Record<string, { type?: string }>).map(([status, schema]) => [
      status,
      schema.type === 'null'
        ? { type: 'null', description: descriptions[status] }
        : { description: descriptions[status], content: { 'application/json': { schema } } },
    ]),
  )
}
