// An admin adds a place that shows the widget.

import { findSite, insertSite, type SiteRecord } from '#db/sites.ts'
import type { Site } from '#protocol/entities.ts'
import type { NewSiteBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import type { AgentActor } from '../actor.ts'
import type { App } from '../context.ts'
import { normalOrigins } from './origins.ts'
import { newSiteKey } from './site-key.ts'
import { siteView } from './site-view.ts'

export async function createSite(app: App, _actor: AgentActor, { origins = [], ...site }: NewSiteBody): Promise<Site> {
  const id = await insertSite(app.db, {
    ...site,
    name: stripBidiControls(site.name),
    key: newSiteKey(),
    origins: normalOrigins(origins),
  })
  return siteView(app, (await findSite(app.db, id)) as SiteRecord)
}
