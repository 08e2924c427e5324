// Gives conversations a new version because data of their customer or agent changed, so that every screen reads them
// again.

import type { UnitOfWork } from './update-conversations.ts'

/** Returns the ids of those that exist, in the given order. */
export function touchConversations({ update }: UnitOfWork, ids: readonly number[]): Promise<number[]> {
  return update(ids, (locked) => ({
    changes: [...locked.values()].map((before) => ({ before, after: { ...before, version: before.version + 1 } })),
    result: ids.filter((id) => locked.has(id)),
  }))
}
