// The sealed secrets that sites sign their customers' identities with: the current one, and the one before it for a while.

import { limits } from '#protocol/limits/wire.ts'
import { ago, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'

export interface SealedSecrets {
  siteId: number
  current: Buffer | null
  former: Buffer | null
}

function secrets(db: Database) {
  return db
    .selectFrom('sites')
    .select(['id as siteId', 'identity_secret as current', 'former_identity_secret as former'])
}

/** What an identity of this site may be signed with now, newest first. */
export async function selectValidIdentitySecrets(db: Database, siteId: number): Promise<Buffer[]> {
  const row = await secrets(db)
    .select((eb) => eb('identity_secret_made_at', '>', ago(limits.formerIdentitySecretMs)).as('isFormerGood'))
    .where('id', '=', siteId)
    .executeTakeFirst()
  return [row?.current, row?.isFormerGood ? row.former : null].filter((secret) => secret != null)
}

export function lockIdentitySecrets(trx: Transaction, siteId: number): Promise<SealedSecrets | undefined> {
  return secrets(trx).where('id', '=', siteId).forUpdate().executeTakeFirst()
}

/** Those of all sites that have any. */
export function lockAllIdentitySecrets(trx: Transaction): Promise<SealedSecrets[]> {
  return secrets(trx).where('identity_secret', 'is not', null).orderBy('id').forUpdate().execute()
}

/** A new secret counts from now on; the same one sealed anew does not. */
export async function saveIdentitySecrets(
  trx: Transaction,
  { siteId, current, former }: SealedSecrets,
  { isNew }: { isNew: boolean },
): Promise<void> {
  await trx
    .updateTable('sites')
    .set({
      identity_secret: current,
      former_identity_secret: former,
      ...(isNew ? { identity_secret_made_at: now } : {}),
    })
    .where('id', '=', siteId)
    .execute()
}
