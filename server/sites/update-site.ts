// Changes a site's name, origins or appearance. Missing fields stay unchanged.

import { inTransaction } from '#db/core/transaction.ts'
import { findSite, type SiteRecord, saveSite } from '#db/queries/sites.ts'
import type { Site } from '#protocol/entities.ts'
import type { SiteBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { forgetCachedSites } from './cached-sites.ts'
import { normalOrigins } from './origins.ts'
import { siteView } from './site-view.ts'

export async function updateSite(
  app: App,
  actor: AgentActor,
  { id, origins, ...look }: SiteBody & { id: number },
): Promise<Site> {
  const changes = {
    ...look,
    name: look.name && stripBidiControls(look.name),
    origins: origins && normalOrigins(origins),
  }
  await inTransaction(app.db, async (trx) => {
    await assertStillMay(trx, actor)
    const site = await findSite(trx, id)
    if (!site) throw new AppError('not_found', 'There is no such site.')
    if (look.requireIdentity && site.identitySecretMadeAt === null)
      throw new AppError('conflict', 'Create an identity secret first: without one nobody could write here.')
    await saveSite(trx, id, changes)
  })
  forgetCachedSites(app.db)
  return siteView(app, (await findSite(app.db, id)) as SiteRecord)
}
