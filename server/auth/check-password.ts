// Verifies one password attempt. Failures count for the account and the address, or for the trusted device alone. The
// budgets are checked before the attempt is queued.

import { comparableName } from '#db/core/comparable-name.ts'
import type { RateName, SlotName } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { verifyPassword } from './password.ts'

export interface PasswordAttempt {
  /** The account found, however its name was spelled; undefined if there is none, which takes equally long. */
  accountId: number | undefined
  username: string
  password: string
  passwordHash: string | null | undefined
  address?: ClientAddress
  /** A trusted device of this account. */
  device?: string | undefined
  /** A signed-in user shares the queue of the trusted devices. */
  isSignedIn?: true
}

type Parts = Pick<App, 'rates' | 'slots'>

/** Throws rate_limited after budgets.loginFailures, overloaded when too many attempts wait. */
export async function checkPassword(parts: Parts, attempt: PasswordAttempt): Promise<boolean> {
  const { rates } = parts
  const { password, passwordHash, device, isSignedIn } = attempt
  const isTrusted = device !== undefined || isSignedIn === true
  const buckets = failureBuckets(attempt)
  const check = () => {
    for (const [name, key] of buckets) rates.check(name, key)
  }
  check()
  const release = acquireQueueSlots(parts, attempt)
  try {
    const isCorrect = await verifyPassword(passwordHash, password, isTrusted ? 'trusted' : 'strangers')
    // Concurrent attempts all pass the first check. Those that finish after the last allowed failure learn nothing.
    check()
    if (!isCorrect) for (const [name, key] of buckets) rates.count(name, key)
    return isCorrect
  } finally {
    release()
  }
}

/** Throws rate_limited for an address with too many failures, before any query. */
export function checkLoginFailures({ rates }: Pick<App, 'rates'>, address: ClientAddress): void {
  for (const [name, key] of addressBuckets(address)) rates.check(name, key)
}

export function countLoginFailure({ rates }: Pick<App, 'rates'>, address: ClientAddress): void {
  for (const [name, key] of addressBuckets(address)) rates.count(name, key)
}

type Bucket = [name: RateName, key: string]

function failureBuckets(attempt: PasswordAttempt): Bucket[] {
  const { device, address } = attempt
  const own: Bucket = ['loginFailures', ownKey(attempt)]
  return device !== undefined || address === undefined ? [own] : [own, ...addressBuckets(address)]
}

function ownKey({ device, accountId, username }: PasswordAttempt): string {
  if (device !== undefined) return `device ${device}`
  return accountId === undefined ? `name ${comparableName(username)}` : `account ${accountId}`
}

const addressBuckets = ({ group, network }: ClientAddress): Bucket[] => [
  ['loginFailures', `address ${group}`],
  ...(network === group ? [] : [['loginFailuresPerNetwork', network] satisfies Bucket]),
]

/** Slots in the password queue. No account, device, address or network may hold all of them. */
function acquireQueueSlots({ slots }: Parts, attempt: PasswordAttempt): () => void {
  const { device, address } = attempt
  const wanted: [SlotName, string][] = [['pendingLoginsPerAccount', ownKey(attempt)]]
  if (device === undefined && address)
    wanted.push(['pendingLoginsPerAddress', address.group], ['pendingLoginsPerNetwork', address.network])
  const releases: (() => void)[] = []
  const release = () => {
    for (const each of releases) each()
  }
  try {
    for (const [name, key] of wanted) releases.push(slots.acquire(name, key))
  } catch (error) {
    release()
    throw error
  }
  return release
}
