// Sites: where the widget is embedded, and its appearance there. Origins are stored one per line.

import type { SiteLook, WidgetPosition } from '#protocol/entities.ts'
import type { Database, Transaction } from '../core/database.ts'

export interface SiteRecord extends SiteLook {
  id: number
  key: string
  origins: string[]
  requireIdentity: boolean
  identitySecretMadeAt: string | null
  createdAt: string
}

function sites(db: Database) {
  return db
    .selectFrom('sites')
    .select([
      'id',
      'site_key as key',
      'name',
      'origins',
      'color',
      'position',
      'greeting',
      'require_identity as requireIdentity',
      'identity_secret_made_at as identitySecretMadeAt',
      'created_at as createdAt',
    ])
    .orderBy('id')
}

type SiteRow = Omit<SiteRecord, 'origins'> & { origins: string }

const asSite = (row: SiteRow): SiteRecord => ({ ...row, origins: row.origins.split('\n').filter(Boolean) })

/** Oldest first. */
export async function selectSites(db: Database): Promise<SiteRecord[]> {
  return (await sites(db).execute()).map(asSite)
}

export async function findSite(db: Database, id: number): Promise<SiteRecord | undefined> {
  const row = await sites(db).where('id', '=', id).executeTakeFirst()
  return row && asSite(row)
}

export async function findSiteByKey(db: Database, key: string): Promise<SiteRecord | undefined> {
  const row = await sites(db).where('site_key', '=', key).executeTakeFirst()
  return row && asSite(row)
}

export async function findSitesByKeys(db: Database, keys: readonly string[]): Promise<SiteRecord[]> {
  return (await sites(db).where('site_key', 'in', keys).execute()).map(asSite)
}

export async function hasSiteWithOrigins(db: Database): Promise<boolean> {
  const row = await db.selectFrom('sites').select('id').where('origins', '!=', '').limit(1).executeTakeFirst()
  return row !== undefined
}

export async function findFirstSite(db: Database): Promise<SiteRecord | undefined> {
  const row = await sites(db).limit(1).executeTakeFirst()
  return row && asSite(row)
}

/** Undefined leaves a column unchanged. */
export interface SiteChanges {
  name?: string | undefined
  origins?: readonly string[] | undefined
  color?: string | undefined
  position?: WidgetPosition | undefined
  greeting?: string | null | undefined
  requireIdentity?: boolean | undefined
}

export async function insertSite(
  trx: Transaction,
  site: Omit<SiteChanges, 'requireIdentity'> & { key: string; name: string },
): Promise<number> {
  const { key, origins = [], ...look } = site
  const { insertId } = await trx
    .insertInto('sites')
    .values({ ...look, site_key: key, origins: origins.join('\n') })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function saveSite(
  trx: Transaction,
  id: number,
  { origins, requireIdentity, ...look }: SiteChanges,
): Promise<void> {
  const changes = { ...look, origins: origins?.join('\n'), require_identity: requireIdentity }
  if (Object.values(changes).every((value) => value === undefined)) return
  await trx.updateTable('sites').set(changes).where('id', '=', id).execute()
}
