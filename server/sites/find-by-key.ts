// Finds the site of a page's key; without a key, or with 'default', the first.

import type { Database } from '#db/core/database.ts'
import { findFirstSite, findSiteByKey, type SiteRecord } from '#db/queries/sites.ts'

export function findByKey(db: Database, key: string | undefined): Promise<SiteRecord | undefined> {
  return key === undefined || key === 'default' ? findFirstSite(db) : findSiteByKey(db, key)
}
