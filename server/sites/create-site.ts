// An admin adds a place that shows the widget.

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

export async function createSite(app: App, actor: AgentActor, { origins = [], ...site }: NewSiteBody): Promise<Site> {
  const asked = { ...site, name: stripBidiControls(site.name), key: newSiteKey(), origins: normalOrigins(origins) }
  const id = await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    // After an ambiguous commit it may be there already.
    const there = again ? await findSiteByKey(trx, asked.key) : undefined
    return there?.id ?? (await insertSite(trx, asked))
  })
  forgetCachedSites(app.db)
  return siteView(app, (await findSite(app.db, id)) as SiteRecord)
}
