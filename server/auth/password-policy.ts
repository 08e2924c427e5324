// Rejects new passwords that attackers try first, whatever their length. The list names its source.

import { readFileSync } from 'node:fs'
import { comparableName } from '#db/core/comparable-name.ts'
import { AppError } from '../shared/errors.ts'

const common = new Set(
  readFileSync(new URL('common-passwords.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
)

/** `own`: the username and other values from the same form. */
export function isGuessable(password: string, own: readonly string[]): boolean {
  return common.has(comparableName(password)) || own.some((name) => comparableName(name) === comparableName(password))
}

/** Throws invalid_request with details {path, reason}. */
export function assertAcceptable(password: string, own: readonly string[]): void {
  if (!isGuessable(password, own)) return
  const details = { path: '/password', reason: 'common_password' }
  throw new AppError('invalid_request', 'Choose another password: this one is too common.', details)
}
