// Checks bodies, queries and path parameters against their schemas, compiled once a route. Nothing is converted, filled in or left out:
// what fits is passed on as it came, what does not is refused, naming the first place that is wrong.

import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { limits } from '#protocol/limits.ts'
import { AppError } from '../errors.ts'

export const compileCheck: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'request' }) => {
  const check = Compile(schema)
  return (value: unknown) => {
    if (isTooDeep(value, limits.requestDepth)) {
      return { error: new AppError('invalid_request', `The ${httpPart} is nested too deep.`, { path: '' }) }
    }
    if (check.Check(value)) return { value }
    const [first] = check.Errors(value)
    const path = `${first?.instancePath ?? ''}${missingOrUnknown(first?.params)}`.slice(0, 200)
    return { error: new AppError('invalid_request', `${httpPart}${path} ${first?.message ?? 'is wrong'}`, { path }) }
  }
}

/** The key that an error about an object as a whole means. */
function missingOrUnknown(params: object | undefined): string {
  const [key] = Object.values(params ?? {}).find((value) => Array.isArray(value)) ?? []
  return typeof key === 'string' ? `/${key}` : ''
}

function isTooDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isTooDeep(inner, depth - 1))
}
