// A site as admins see it, with the line of HTML that embeds it.

import type { SiteRecord } from '#db/queries/sites.ts'
import type { Site } from '#protocol/entities.ts'
import type { App } from '../context.ts'

/** Without PUBLIC_URL the snippet's address has no host; the console prepends its own origin. */
export function siteView({ config }: Pick<App, 'config'>, site: SiteRecord): Site {
  const src = `${config.publicUrl ?? ''}/kefu.js`
  return { ...site, snippet: `<script async src="${src}" data-site="${site.key}"></script>` }
}
