// Checks a payload against its request's schema, compiled once. What a client sent is used only after this.

import { Compile } from 'typebox/compile'
import { limits } from '#protocol/limits.ts'
import { type RequestName, type RequestPayloads, requestSchemas } from '#protocol/requests.ts'
import { AppError } from '../errors.ts'

const checks = new Map(Object.entries(requestSchemas).map(([name, schema]) => [name as RequestName, Compile(schema)]))

/** The payload as its type; throws too_large or invalid_request, naming the first place that is wrong. A missing payload is {}. */
export function checkPayload<N extends RequestName>(name: N, payload: unknown = {}): RequestPayloads[N] {
  const check = checks.get(name)
  if (check?.Check(payload)) return payload as RequestPayloads[N]
  // Every schema is far smaller than the limit, so only what failed needs to be measured.
  if (isTooLarge(payload)) {
    throw new AppError('too_large', `A request may be ${limits.requestBytes} bytes.`, { limit: limits.requestBytes })
  }
  const [first] = check?.Errors(payload) ?? []
  throw new AppError(
    'invalid_request',
    `${name}: ${first?.instancePath || 'the payload'} ${first?.message ?? 'is wrong'}`,
    {
      path: first?.instancePath ?? '',
    },
  )
}

function isTooLarge(payload: unknown): boolean {
  try {
    return Buffer.byteLength(JSON.stringify(payload) ?? '') > limits.requestBytes
  } catch {
    // Nested too deep to be written out again.
    return true
  }
}
