// Validates bodies, queries and path parameters against their schemas, compiled once per route. Values are never
// converted, defaulted or stripped. An error names the first invalid path.

import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'

export const compileCheck: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'request' }) => {
  const check = Compile(schema)
  return (value: unknown) => {
    if (check.Check(value)) return { value }
    // A query. Errors lists every unknown key, and the parser of bodies has bounded those already.
    if (Object.keys(value ?? {}).length > limits.requestEntries) {
      return { error: new AppError('invalid_request', `The ${httpPart} has too many entries.`, { path: '' }) }
    }
    const [path, complaint] = firstError(check.Errors(value))
    return { error: new AppError('invalid_request', `${httpPart}${path} ${complaint}`, { path }) }
  }
}

/** The path and what is wrong there. For a missing key the path includes the key. */
function firstError(errors: TLocalizedValidationError[]): [path: string, complaint: string] {
  const [first] = errors
  if (first === undefined) return ['', 'is invalid']
  // TypeBox reports an unknown key twice: at its own path, then at its object's.
  if (first.keyword === 'boolean') return [first.instancePath.slice(0, 200), 'is not allowed']
  if (first.keyword === 'required') return [`${first.instancePath}/${first.params.requiredProperties[0]}`, 'is missing']
  return [first.instancePath, first.message]
}
