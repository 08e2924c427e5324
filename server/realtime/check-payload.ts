// Checks a payload against its request's schema, compiled once. What a client sent is used only after this.

import { Compile } from 'typebox/compile'
import { limits } from '#protocol/limits/wire.ts'
import { type RequestName, type RequestPayloads, requestSchemas } from '#protocol/requests.ts'
import { AppError } from '../shared/errors.ts'
import { isDeeperThan, isWiderThan } from '../shared/json-depth.ts'

const checks = new Map(Object.entries(requestSchemas).map(([name, schema]) => [name as RequestName, Compile(schema)]))

/** The payload as its type; throws too_large or invalid_request, naming the first place that is wrong. A missing payload is {}. */
export function checkPayload<N extends RequestName>(name: N, payload: unknown = {}): RequestPayloads[N] {
  const check = checks.get(name)
  if (check?.Check(payload)) return payload as RequestPayloads[N]
  // No schema reaches as deep as the limits or comes near their size, so only what failed needs to be measured; depth first, since what is
  // nested too deep cannot be written out again.
  if (isDeeperThan(limits.requestDepth, payload)) {
    throw new AppError('invalid_request', `${name}: the payload is nested too deep`, { path: '' })
  }
  if (Buffer.byteLength(JSON.stringify(payload) ?? '') > limits.requestBytes) {
    throw new AppError('too_large', `A request may be ${limits.requestBytes} bytes.`, { limit: limits.requestBytes })
  }
  if (isWiderThan(limits.requestEntries, payload)) {
    throw new AppError('invalid_request', `${name}: the payload has too many entries`, { path: '' })
  }
  const [first] = check?.Errors(payload) ?? []
  const path = first?.instancePath.slice(0, 200) ?? ''
  throw new AppError('invalid_request', `${name}: ${path || 'the payload'} ${first?.message ?? 'is wrong'}`, { path })
}
