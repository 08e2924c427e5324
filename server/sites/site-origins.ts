// The pages that may hold a site's widget in a frame; none for a site that is not there.

import type { App } from '../context.ts'
import { findByKey } from './find-by-key.ts'

export async function siteOrigins(app: App, key: string | undefined): Promise<string[]> {
  return (await findByKey(app.db, key))?.origins ?? []
}
