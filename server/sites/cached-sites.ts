// Caches sites for callers without a token, unknown keys included, for serverLimits.cachedReplyMs. Lookups are batched
// into one statement at a time, so strangers occupy at most one database connection.

import type { Database } from '#db/core/database.ts'
import { findFirstSite, findSitesByKeys, hasSiteWithOrigins, type SiteRecord } from '#db/queries/sites.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../shared/errors.ts'
import { createMicroCache, type MicroCache } from '../shared/micro-cache.ts'

type Found = SiteRecord | undefined

interface CachedSites {
  first: MicroCache<Found>
  hasOrigins: MicroCache<boolean>
  byKey(key: string): Promise<Found>
  forget(): void
}

const cachedSites = new WeakMap<Database, CachedSites>()

/** The site of a key; without one, or with 'default', the first. Up to serverLimits.cachedReplyMs stale. */
export function findCachedSite(db: Database, key: string | undefined): Promise<Found> {
  return key === undefined || key === 'default' ? sitesOf(db).first.get() : sitesOf(db).byKey(key)
}

/** Whether any site has allowed origins. */
export const isAnySiteEmbedded = (db: Database): Promise<boolean> => sitesOf(db).hasOrigins.get()

/** Call after this node changed a site. */
export const forgetCachedSites = (db: Database): void => cachedSites.get(db)?.forget()

function sitesOf(db: Database): CachedSites {
  const existing = cachedSites.get(db)
  if (existing) return existing
  const first = createMicroCache(serverLimits.cachedReplyMs, () => findFirstSite(db))
  const hasOrigins = createMicroCache(serverLimits.cachedReplyMs, () => hasSiteWithOrigins(db))
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
  /** Oldest first. */
  const entries = new Map<string, { site: Promise<Found>; until: number }>()
  const waiting = new Map<string, PromiseWithResolvers<Found>>()
  let isRunning = false

  async function runLookups() {
    isRunning = true
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
    isRunning = false
  }

  return {
    byKey(key) {
      const now = performance.now()
      const cached = entries.get(key)
      if (cached && cached.until > now) return cached.site
      if (waiting.size >= serverLimits.cachedSites)
        throw new AppError('overloaded', 'Too many site lookups are waiting. Try again.')
      const lookup = Promise.withResolvers<Found>()
      waiting.set(key, lookup)
      entries.delete(key)
      entries.set(key, { site: lookup.promise, until: now + serverLimits.cachedReplyMs })
      for (const oldest of entries.keys()) {
        if (entries.size <= serverLimits.cachedSites) break
        entries.delete(oldest)
      }
      if (!isRunning) void runLookups()
      return lookup.promise
    },
    forget: () => entries.clear(),
  }
}
