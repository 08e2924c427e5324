// Creates a site.

import { inTransaction } from '#db/core/transaction.ts'
import { findSite, findSiteByKey, insertSite, type SiteRecord } from '#db/queries/sites.ts'
import type { Site } from '#protocol/entities.ts'
import type { NewSiteBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { forgetCachedSites } from './cached-sites.ts'
import { normalOrigins } from './origins.ts'
import { newSiteKey } from './site-key.ts'
import { siteView } from './site-view.ts'

export async function createSite(app: App, actor: AgentActor, { origins = [], ...body }: NewSiteBody): Promise<Site> {
  const site = { ...body, name: stripBidiControls(body.name), key: newSiteKey(), origins: normalOrigins(origins) }
  const id = await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    // After an ambiguous commit the site may already exist.
    const existing = again ? await findSiteByKey(trx, site.key) : undefined
    return existing?.id ?? (await insertSite(trx, site))
  })
  forgetCachedSites(app.db)
  return siteView(app, (await findSite(app.db, id)) as SiteRecord)
}
