// One try at somebody's password. Failures count for the account and for the address they came from, known user or not; from a browser
// that this user has logged in with before they count for that browser alone.

import { normalizeUsername } from '#db/users.ts'
import type { App } from '../context.ts'
import { verifyPassword } from './password.ts'

export interface PasswordTry {
  username: string
  password: string
  /** Undefined when there is no such user, which takes as long. */
  passwordHash: string | null | undefined
  address?: string
  /** A browser of this user's. */
  device?: string | undefined
}

/** Whether it fits. Throws rate_limited after budgets.loginFailures, overloaded when too many try at once. */
export async function tryPassword(
  { rates }: App,
  { username, password, passwordHash, address, device }: PasswordTry,
): Promise<boolean> {
  const strangers = [`account ${normalizeUsername(username)}`, ...(address === undefined ? [] : [`address ${address}`])]
  const keys = device === undefined ? strangers : [`device ${device}`]
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
