// The unit of work on conversations: lock, decide, save, commit, cache, publish. Only this file locks or saves a
// conversation's row, so no caller can forget a step.

import type { Database, Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { type ConversationChanges, saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'

export type LockedConversations = ReadonlyMap<number, LockedConversation>

export interface Decision<T> {
  /** The new states, saved before the commit. */
  changes: readonly ConversationChanges[]
  result: T
}

/** Decides on the new states of locked conversations. Throws to roll back the whole transaction. */
export type Decide<T> = (locked: LockedConversations) => Decision<T> | Promise<Decision<T>>

export interface UnitOfWork {
  trx: Transaction
  /** An earlier attempt may have been committed. */
  isRetry: boolean
  /** Locks the conversations that exist, in id order, and saves what `decide` returns. */
  update<T>(ids: readonly number[], decide: Decide<T>): Promise<T>
  /** Runs after the commit, once the new states are cached. */
  afterCommit(publish: () => void): void
}

/** Learns of each state that a transaction of this node read under its lock, after the commit of its change. */
export type OnCommit = (conversations: readonly ConversationChanges[]) => void

export interface UpdateDeps {
  db: Database
  onCommit: OnCommit
}

/** One transaction that updates conversations together with other rows. Rows of users and sessions come first. */
export async function inUnitOfWork<T>(
  app: UpdateDeps,
  work: (unit: UnitOfWork) => Promise<T>,
  isRetry = false,
): Promise<T> {
  const { result, seen, publishing } = await inTransaction(
    app.db,
    async (trx, isRetry) => {
      const seen: ConversationChanges[] = []
      const publishing: (() => void)[] = []
      const result = await work({
        trx,
        isRetry,
        async update(ids, decide) {
          const locked: LockedConversations = ids.length === 0 ? new Map() : await lockConversations(trx, ids)
          const { changes, result } = await decide(locked)
          await saveConversations(trx, changes)
          seen.push(...changes, ...unchanged(locked, changes))
          return result
        },
        afterCommit: (publish) => void publishing.push(publish),
      })
      return { result, seen, publishing }
    },
    isRetry,
  )
  app.onCommit(seen)
  for (const publish of publishing) publish()
  return result
}

/** Locks these conversations, decides, saves and commits. Resolves with the result of `decide`. */
export function updateConversations<T>(
  app: UpdateDeps,
  ids: readonly number[],
  decide: (locked: LockedConversations, unit: UnitOfWork) => ReturnType<Decide<T>>,
): Promise<T> {
  return inUnitOfWork(app, (unit) => unit.update(ids, (locked) => decide(locked, unit)))
}

function unchanged(locked: LockedConversations, changes: readonly ConversationChanges[]): ConversationChanges[] {
  const changed = new Set(changes.map(({ after }) => after.id))
  return [...locked.values()].filter(({ id }) => !changed.has(id)).map((state) => ({ before: state, after: state }))
}
