// Checks bodies, queries and path parameters against their schemas, compiled once a route. Nothing is converted, filled in or left out:
// what fits is passed on as it came, what does not is refused, naming the first place that is wrong.

import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'
import { isDeeperThan, isWiderThan } from '../shared/json-depth.ts'

export const compileCheck: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'request' }) => {
  const check = Compile(schema)
  return (value: unknown) => {
    if (isDeeperThan(limits.requestDepth, value)) {
      return { error: new AppError('invalid_request', `The ${httpPart} is nested too deep.`, { path: '' }) }
    }
    if (isWiderThan(limits.requestEntries, value)) {
      return { error: new AppError('invalid_request', `The ${httpPart} has too many entries.`, { path: '' }) }
    }
    if (check.Check(value)) return { value }
    const [path, complaint] = firstWrong(check.Errors(value))
    return { error: new AppError('invalid_request', `${httpPart}${path} ${complaint}`, { path }) }
  }
}

/** Where and what; of an object as a whole, the key that it is about. */
function firstWrong(errors: TLocalizedValidationError[]): [path: string, complaint: string] {
  const [first] = errors
  if (first === undefined) return ['', 'is wrong']
  // A key that must not be there is told twice: at its own place, then of its object.
  if (first.keyword === 'boolean') return [first.instancePath.slice(0, 200), 'is not known']
  if (first.keyword === 'required') return [`${first.instancePath}/${first.params.requiredProperties[0]}`, 'is missing']
  return [first.instancePath, first.message]
}
