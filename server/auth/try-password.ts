// One try at somebody's password. Failures count for the account and for the address they came from, known user or not.

import { normalizeUsername } from '#db/users.ts'
import type { App } from '../context.ts'
import { verifyPassword } from './password.ts'

export interface PasswordTry {
  username: string
  password: string
  /** Undefined when there is no such user, which takes as long. */
  passwordHash: string | null | undefined
  address?: string
}

/** Whether it fits. Throws rate_limited after limits.loginFailures, overloaded when too many try at once. */
export async function tryPassword(
  { rates }: App,
  { username, password, passwordHash, address }: PasswordTry,
): Promise<boolean> {
  const keys = [`account ${normalizeUsername(username)}`, ...(address === undefined ? [] : [`address ${address}`])]
  const check = () => {
    for (const key of keys) rates.check('loginFailures', key)
  }
  check()
  const fits = await verifyPassword(passwordHash, password)
  // Many tries at once all pass the first check; those that come out after the last failure allowed learn nothing.
  check()
  if (fits) return true
  for (const key of keys) rates.count('loginFailures', key)
  return false
}
