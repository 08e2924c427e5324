// Sites for those who ask without a token. Each is kept for serverLimits.cachedReplyMs, and so is that there is none of a key; what is not kept
// is looked up by one statement at a time for all who wait, so that strangers take one database connection at most.

import type { Database } from '#db/core/database.ts'
import { findFirstSite, findSitesByKeys, hasSiteWithOrigins, type SiteRecord } from '#db/queries/sites.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { type BriefCache, createBriefCache } from '../shared/brief-cache.ts'
import { AppError } from '../shared/errors.ts'

type Found = SiteRecord | undefined

interface CachedSites {
  first: BriefCache<Found>
  hasOrigins: BriefCache<boolean>
  byKey(key: string): Promise<Found>
  forget(): void
}

const cachedSites = new WeakMap<Database, CachedSites>()

/** The site of a key; without one, or with 'default', the first. May be serverLimits.cachedReplyMs old where another node changed it. */
export function findCachedSite(db: Database, key: string | undefined): Promise<Found> {
  return key === undefined || key === 'default' ? sitesOf(db).first.get() : sitesOf(db).byKey(key)
}

/** Whether any site names the pages that embed it. */
export const isAnySiteEmbedded = (db: Database): Promise<boolean> => sitesOf(db).hasOrigins.get()

/** After a change of sites on this node. */
export const forgetCachedSites = (db: Database): void => cachedSites.get(db)?.forget()

function sitesOf(db: Database): CachedSites {
  const existing = cachedSites.get(db)
  if (existing) return existing
  const first = createBriefCache(serverLimits.cachedReplyMs, () => findFirstSite(db))
  const hasOrigins = createBriefCache(serverLimits.cachedReplyMs, () => hasSiteWithOrigins(db))
  const { byKey, forget } = cacheByKey(db)
  const sites = {
    first,
    hasOrigins,
    byKey,
    forget() {
      first.forget()
      hasOrigins.forget()
      forget()
    },
  }
  cachedSites.set(db, sites)
  return sites
}

function cacheByKey(db: Database): Pick<CachedSites, 'byKey' | 'forget'> {
  /** The oldest first. */
  const kept = new Map<string, { site: Promise<Found>; until: number }>()
  const waiting = new Map<string, PromiseWithResolvers<Found>>()
  let isLooking = false

  async function lookUp() {
    isLooking = true
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, serverLimits.siteLookupRows)
      for (const [key] of batch) waiting.delete(key)
      try {
        const sites = await findSitesByKeys(
          db,
          batch.map(([key]) => key),
        )
        const byKey = new Map(sites.map((site) => [site.key, site]))
        for (const [key, { resolve }] of batch) resolve(byKey.get(key))
      } catch (error) {
        for (const [, { reject }] of batch) reject(error)
      }
    }
    isLooking = false
  }

  return {
    byKey(key) {
      const now = performance.now()
      const known = kept.get(key)
      if (known && known.until > now) return known.site
      if (waiting.size >= serverLimits.cachedSites) throw new AppError('overloaded', 'Too many ask for sites.')
      const asked = Promise.withResolvers<Found>()
      waiting.set(key, asked)
      kept.delete(key)
      kept.set(key, { site: asked.promise, until: now + serverLimits.cachedReplyMs })
      for (const oldest of kept.keys()) {
        if (kept.size <= serverLimits.cachedSites) break
        kept.delete(oldest)
      }
      if (!isLooking) void lookUp()
      return asked.promise
    },
    forget: () => kept.clear(),
  }
}
