// An admin changes a site's name, origins or look; what is not given stays.

import { findSite, type SiteRecord, saveSite } from '#db/sites.ts'
import type { Site } from '#protocol/entities.ts'
import type { SiteBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import type { AgentActor } from '../actor.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { normalOrigins } from './origins.ts'
import { siteView } from './site-view.ts'

export async function updateSite(
  app: App,
  _actor: AgentActor,
  { id, origins, ...look }: SiteBody & { id: number },
): Promise<Site> {
  const site = await findSite(app.db, id)
  if (!site) throw new AppError('not_found', 'There is no such site.')
  if (look.requireIdentity && site.identitySecretMadeAt === null)
    throw new AppError('conflict', 'Make an identity secret first: nobody could talk here.')
  await saveSite(app.db, id, {
    ...look,
    name: look.name && stripBidiControls(look.name),
    origins: origins && normalOrigins(origins),
  })
  return siteView(app, (await findSite(app.db, id)) as SiteRecord)
}
