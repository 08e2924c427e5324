// Validates real traffic against the schemas in protocol/: successful responses, socket replies and events.

import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { eventSchemas } from '#protocol/events.ts'
import { type Call, calls } from '#protocol/http.ts'
import { type RequestName, replySchemas } from '#protocol/requests.ts'

const compiled = new Map<TSchema, Validator>()

function assertFits(what: string, schema: TSchema, value: unknown): void {
  const validator = compiled.get(schema) ?? Compile(schema)
  compiled.set(schema, validator)
  if (validator.Check(value)) return
  const [first] = validator.Errors(value)
  throw new Error(`${what} does not fit its schema: ${first?.instancePath} ${first?.message}: ${JSON.stringify(value)}`)
}

const patterns = Object.entries<Call>(calls).map(([name, call]) => ({
  name,
  call,
  pattern: new RegExp(`^${name.replace(/:\w+/g, '[^/]+')}$`),
}))

/** `path` is under /api/v1. Throws when a successful response does not fit the schema of its call and status. */
export function assertResponse(method: string, path: string, status: number, body: unknown): void {
  if (status >= 300) return
  const [route = ''] = path.split('?')
  const found = patterns.find(({ pattern }) => pattern.test(`${method} ${route}`))
  if (!found) throw new Error(`${method} ${route} is not in protocol/http.ts.`)
  const schema = found.call.response?.[status]
  if (!schema) throw new Error(`${found.name} answered ${status}, which protocol/http.ts does not list.`)
  assertFits(`${found.name} ${status}`, schema, body)
}

export const assertReply = (name: RequestName, data: unknown): void =>
  assertFits(`The reply of ${name}`, replySchemas[name], data)

export function assertEvent(name: string, data: unknown): void {
  if (!Object.hasOwn(eventSchemas, name)) throw new Error(`${name} is not in protocol/events.ts.`)
  assertFits(`The event ${name}`, eventSchemas[name as keyof typeof eventSchemas], data)
}
