// The pages that may hold a site's widget in a frame; none for a site that does not exist.

import type { App } from '../context.ts'
import { findCachedSite } from './cached-sites.ts'

export async function siteOrigins(app: Pick<App, 'db'>, key: string | undefined): Promise<string[]> {
  return (await findCachedSite(app.db, key))?.origins ?? []
}
