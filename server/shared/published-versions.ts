// The latest version of each row that this node published, by list, for the reconciler. Evicts the oldest entries:
// publishing a version twice is harmless, since clients drop a version that they already hold.

import { serverLimits } from '#protocol/limits/server.ts'

export interface PublishedVersions {
  record(list: string, id: number, version: number): void
  /** 0 for a row that was never published or has been evicted. */
  get(list: string, id: number): number
  clear(): void
}

export function createPublishedVersions(): PublishedVersions {
  const lists = new Map<string, Map<number, number>>()
  return {
    record(list, id, version) {
      const versions = lists.get(list) ?? new Map<number, number>()
      lists.set(list, versions)
      const previous = versions.get(id) ?? 0
      versions.delete(id)
      versions.set(id, Math.max(previous, version))
      if (versions.size > serverLimits.publishedVersions) versions.delete(versions.keys().next().value as number)
    },
    get: (list, id) => lists.get(list)?.get(id) ?? 0,
    clear: () => lists.clear(),
  }
}
