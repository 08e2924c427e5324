// Reads the launcher's appearance for a page.

import type { SiteLook } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import { AppError } from '../shared/errors.ts'
import { findCachedSite } from './cached-sites.ts'

export async function siteLook(app: App, key: string): Promise<SiteLook> {
  const site = await findCachedSite(app.db, key)
  if (site === undefined) throw new AppError('not_found', 'There is no such site.')
  const { name, color, position, greeting } = site
  return { name, color, position, greeting }
}
