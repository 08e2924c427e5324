// One try at somebody's password. Failures count for the account and for the address they came from, known user or not; from a device that
// this user has logged in with before they count for that device alone. All is counted before the password waits to be verified.

import { normalizeUsername } from '#db/queries/users.ts'
import type { RateName, SlotName } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { verifyPassword } from './password.ts'

export interface PasswordAttempt {
  /** The account that the database found, however its name was written; undefined when there is none, which takes as long. */
  accountId: number | undefined
  username: string
  password: string
  passwordHash: string | null | undefined
  address?: ClientAddress
  /** A trusted device of this account. */
  device?: string | undefined
  /** Somebody who is signed in waits with the trusted devices. */
  isSignedIn?: true
}

type Parts = Pick<App, 'rates' | 'slots'>

/** Whether it fits. Throws rate_limited after budgets.loginFailures, overloaded when too many try at once. */
export async function checkPassword(parts: Parts, asked: PasswordAttempt): Promise<boolean> {
  const { rates } = parts
  const { password, passwordHash, device, isSignedIn } = asked
  const isTrusted = device !== undefined || isSignedIn === true
  const buckets = failureBuckets(asked)
  const check = () => {
    for (const [name, key] of buckets) rates.check(name, key)
  }
  check()
  const release = acquirePlaces(parts, asked)
  try {
    const fits = await verifyPassword(passwordHash, password, isTrusted ? 'trusted' : 'strangers')
    // Several tries that wait together all pass the first check; those that come out after the last failure allowed learn nothing.
    check()
    if (!fits) for (const [name, key] of buckets) rates.count(name, key)
    return fits
  } finally {
    release()
  }
}

/** Throws rate_limited for an address with too many failures, before anything is looked up for it. */
export function checkLoginFailures({ rates }: Pick<App, 'rates'>, address: ClientAddress): void {
  for (const [name, key] of addressBuckets(address)) rates.check(name, key)
}

export function countLoginFailure({ rates }: Pick<App, 'rates'>, address: ClientAddress): void {
  for (const [name, key] of addressBuckets(address)) rates.count(name, key)
}

type Bucket = [name: RateName, key: string]

function failureBuckets(asked: PasswordAttempt): Bucket[] {
  const { device, address } = asked
  const own: Bucket = ['loginFailures', ownKey(asked)]
  return device !== undefined || address === undefined ? [own] : [own, ...addressBuckets(address)]
}

function ownKey({ device, accountId, username }: PasswordAttempt): string {
  if (device !== undefined) return `device ${device}`
  return accountId === undefined ? `name ${normalizeUsername(username)}` : `account ${accountId}`
}

const addressBuckets = ({ group, network }: ClientAddress): Bucket[] => [
  ['loginFailures', `address ${group}`],
  ...(network === group ? [] : [['loginFailuresPerNetwork', network] satisfies Bucket]),
]

/** Places in the queue: no account or device, and among strangers no address or network, holds them all. */
function acquirePlaces({ slots }: Parts, asked: PasswordAttempt): () => void {
  const { device, address } = asked
  const wanted: [SlotName, string][] = [['pendingLoginsPerAccount', ownKey(asked)]]
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
