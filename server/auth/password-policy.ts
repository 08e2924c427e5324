// Which new passwords are refused however long they are: those that whoever guesses tries first. The list's source stands in it.

import { readFileSync } from 'node:fs'
import { AppError } from '../shared/errors.ts'

const plain = (text: string) => text.normalize('NFKC').toLowerCase()

const common = new Set(
  readFileSync(new URL('common-passwords.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
)

/** `own`: the user's name and whatever else stands beside the password. */
export function isGuessable(password: string, own: readonly string[]): boolean {
  return common.has(plain(password)) || own.some((name) => plain(name) === plain(password))
}

/** Throws invalid_request with details {path, reason}. */
export function assertAcceptable(password: string, own: readonly string[]): void {
  if (!isGuessable(password, own)) return
  const details = { path: '/password', reason: 'common_password' }
  throw new AppError('invalid_request', 'This password is among those that are tried first: choose another.', details)
}
