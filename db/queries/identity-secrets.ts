// Sealed secrets with which sites sign customer identities: the current one and, for a while, the previous one.

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

/** The secrets that are valid now, newest first. */
export async function selectValidIdentitySecrets(db: Database, siteId: number): Promise<Buffer[]> {
  const row = await secrets(db)
    .select((eb) => eb('identity_secret_made_at', '>', ago(limits.formerIdentitySecretMs)).as('isFormerValid'))
    .where('id', '=', siteId)
    .executeTakeFirst()
  return [row?.current, row?.isFormerValid ? row.former : null].filter((secret) => secret != null)
}

export function lockIdentitySecrets(trx: Transaction, siteId: number): Promise<SealedSecrets | undefined> {
  return secrets(trx).where('id', '=', siteId).forUpdate().executeTakeFirst()
}

/** Locks the secrets of all sites that have one. */
export function lockAllIdentitySecrets(trx: Transaction): Promise<SealedSecrets[]> {
  return secrets(trx).where('identity_secret', 'is not', null).orderBy('id').forUpdate().execute()
}

/** `isNew` restarts the former secret's validity; resealing the same secret must not. */
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
