// Validates payloads against the schema of their request, which is compiled once. No payload is used before it is
// validated.

import { Compile } from 'typebox/compile'
import { limits } from '#protocol/limits/wire.ts'
import { type RequestName, type RequestPayloads, requestSchemas } from '#protocol/requests.ts'
import { AppError } from '../shared/errors.ts'
import { isDeeperThan, isWiderThan } from '../shared/json-depth.ts'

const checks = new Map(Object.entries(requestSchemas).map(([name, schema]) => [name as RequestName, Compile(schema)]))

/**
 * Returns the typed payload; throws too_large, or invalid_request with the path of the first error. A missing payload
 * is {}.
 */
export function checkPayload<N extends RequestName>(name: N, payload: unknown = {}): RequestPayloads[N] {
  const check = checks.get(name)
  if (check?.Check(payload)) return payload as RequestPayloads[N]
  // A valid payload is always within these limits, so only an invalid one is measured. Depth comes first: a payload
  // nested too deep cannot be stringified.
  if (isDeeperThan(limits.requestDepth, payload)) {
    throw new AppError('invalid_request', `${name}: the payload is nested too deep`, { path: '' })
  }
  if (Buffer.byteLength(JSON.stringify(payload) ?? '') > limits.requestBytes) {
    throw new AppError('too_large', `A request may have at most ${limits.requestBytes} bytes.`, {
      limit: limits.requestBytes,
    })
  }
  if (isWiderThan(limits.requestEntries, payload)) {
    throw new AppError('invalid_request', `${name}: the payload has too many entries`, { path: '' })
  }
  const [first] = check?.Errors(payload) ?? []
  const path = first?.instancePath.slice(0, 200) ?? ''
  throw new AppError('invalid_request', `${name}: ${path || 'the payload'} ${first?.message ?? 'is invalid'}`, { path })
}
