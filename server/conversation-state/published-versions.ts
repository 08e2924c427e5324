// The latest version of each conversation that this node published, for the reconciler. Evicts the oldest entries:
// publishing a version twice is harmless, since clients drop a version that they already hold.

import { serverLimits } from '#protocol/limits/server.ts'

export interface PublishedVersions {
  record(conversationId: number, version: number): void
  /** 0 for a conversation that was never published or has been evicted. */
  get(conversationId: number): number
}

export function createPublishedVersions(): PublishedVersions {
  const versions = new Map<number, number>()
  return {
    record(conversationId, version) {
      const previous = versions.get(conversationId) ?? 0
      versions.delete(conversationId)
      versions.set(conversationId, Math.max(previous, version))
      if (versions.size > serverLimits.publishedVersions) versions.delete(versions.keys().next().value as number)
    },
    get: (conversationId) => versions.get(conversationId) ?? 0,
  }
}
