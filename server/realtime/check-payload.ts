// Validates payloads against the schema of their request, which is compiled once. No payload is used before it is
// validated.

import { Compile } from 'typebox/compile'
import { limits } from '#protocol/limits/wire.ts'
import { type RequestName, type RequestPayloads, requestSchemas } from '#protocol/requests.ts'
import { AppError } from '../shared/errors.ts'

const checks = new Map(Object.entries(requestSchemas).map(([name, schema]) => [name as RequestName, Compile(schema)]))

/**
 * Returns the typed payload; throws too_large, or invalid_request with the path of the first error. A missing payload
 * is {}.
 */
export function checkPayload<N extends RequestName>(name: N, payload: unknown = {}): RequestPayloads[N] {
  const check = checks.get(name)
  if (check?.Check(payload)) return payload as RequestPayloads[N]
  // A valid payload is always within this limit, so only an invalid one is measured. Its depth is bounded already.
  if (Buffer.byteLength(JSON.stringify(payload) ?? '') > limits.requestBytes) {
    throw tooLarge()
  }
  const [first] = check?.Errors(payload) ?? []
  const path = first?.instancePath.slice(0, 200) ?? ''
  throw new AppError('invalid_request', `${name}: ${path || 'the payload'} ${first?.message ?? 'is invalid'}`, { path })
}

export const tooLarge = (): AppError =>
  new AppError('too_large', `A request may have at most ${limits.requestBytes} bytes.`, { limit: limits.requestBytes })
