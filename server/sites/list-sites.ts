// All sites, oldest first.

import { selectSites } from '#db/queries/sites.ts'
import type { Site } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { siteView } from './site-view.ts'

export async function listSites(app: App, _actor: AgentActor): Promise<{ sites: Site[] }> {
  return { sites: (await selectSites(app.db)).map((site) => siteView(app, site)) }
}
