// Lists the origins that may frame a site's widget; none for an unknown site.

import type { App } from '../context.ts'
import { findCachedSite } from './cached-sites.ts'

export async function siteOrigins(app: Pick<App, 'db'>, key: string | undefined): Promise<string[]> {
  return (await findCachedSite(app.db, key))?.origins ?? []
}
