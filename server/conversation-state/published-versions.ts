// Which version of each conversation this node has told everybody, for the comparison with the database. Forgets the oldest: telling a
// conversation once too often is harmless, since whoever holds that version already drops it.

import { serverLimits } from '#protocol/limits/server.ts'

export interface PublishedVersions {
  note(conversationId: number, version: number): void
  /** 0 for one that was not told, or so long ago that it is forgotten. */
  of(conversationId: number): number
}

export function createPublishedVersions(): PublishedVersions {
  const versions = new Map<number, number>()
  return {
    note(conversationId, version) {
      const before = versions.get(conversationId) ?? 0
      versions.delete(conversationId)
      versions.set(conversationId, Math.max(before, version))
      if (versions.size > serverLimits.publishedVersions) versions.delete(versions.keys().next().value as number)
    },
    of: (conversationId) => versions.get(conversationId) ?? 0,
  }
}
