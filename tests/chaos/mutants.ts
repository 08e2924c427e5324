// Builds of Kefu that break one promise each: the checker must notice. They are edits of a copy of the source.

import type { Edit } from '../support/patched-source.ts'
import type { ScenarioName } from './scenarios.ts'

export interface Mutant {
  /** The promise that it breaks. */
  breaks: string
  /** The scenario that must notice. */
  scenario: ScenarioName
  edits: Edit[]
}

const planAppends = 'server/messages/write-path/plan-appends.ts'
const writer = 'server/messages/write-path/message-writer.ts'
const lockedStore = 'server/messages/write-path/locked-store.ts'
const append = 'const appended = await store.append(sendsOf(batch))'
const appendLocked = 'inUnitOfWork(app, (unit) => appendLocked(unit, sends), isRetry)'
const lockedAppendsOnly: Edit = {
  file: 'server/messages/write-path/write-path.ts',
  find: 'if (optimisticAppend) store = optimisticStore(app, store, cache, clock)',
  put: '',
}
const joinAfterReply = 'if (entry.subscribesTo) await socket.join(subscriptionRooms(actor, entry.subscribesTo(data)))'

/** Less than a millisecond is between commit and reply. Random faults need a longer gap to hit it. */
const pause = 'await new Promise((resolve) => setTimeout(resolve, 30))'

export const mutants: Record<string, Mutant> = {
  'no unique key': {
    breaks: 'a retried message is stored once',
    scenario: 'faults',
    edits: [
      { file: 'schema.sql', find: 'UNIQUE KEY messages_client_id', put: 'KEY messages_client_id' },
      {
        file: writer,
        find: append,
        put: `${append}\n      ${pause}`,
        within: 'write',
      },
    ],
  },
  'acknowledged before commit': {
    breaks: 'an acknowledged message survives',
    scenario: 'faults',
    edits: [
      lockedAppendsOnly,
      {
        file: lockedStore,
        find: appendLocked,
        put: `new Promise((resolve, reject) => {
        inUnitOfWork(app, async (unit) => {
          resolve(await appendLocked(unit, sends))
          ${pause}
        }, isRetry).catch(reject)
      })`,
        within: 'append',
      },
    ],
  },
  'published before commit': {
    breaks: 'no event is published before its commit',
    scenario: 'faults',
    edits: [
      lockedAppendsOnly,
      {
        file: lockedAppendsOnly.file,
        find: 'lockedStore({ db: app.db, onCommit })',
        put: 'lockedStore({ ...app, onCommit })',
      },
      {
        file: lockedStore,
        find: appendLocked,
        put: `inUnitOfWork(app, async (unit) => {
        const appended = await appendLocked(unit, sends)
        const { publishMessages } = await import('./publish-messages.ts')
        publishMessages(app as never, sends, appended)
        ${pause}
        return appended
      }, isRetry)`,
        within: 'append',
      },
    ],
  },
  'subscribed after the read': {
    breaks: 'no event is lost between the snapshot and the subscription',
    scenario: 'openings',
    edits: [
      {
        file: 'server/realtime/requests.ts',
        find: 'both(openConversation, { subscribes: conversationOfPayload, readsPage: true })',
        put: 'both(openConversation, { subscribesTo: (reply) => reply.conversation.id, readsPage: true })',
      },
      {
        file: 'server/realtime/connection.ts',
        find: joinAfterReply,
        put: `${pause}\n    ${joinAfterReply}`,
        within: 'dispatchWithSubscription',
      },
    ],
  },
  'no heads and no reconciler': {
    breaks: 'a lost event is found without further traffic',
    scenario: 'apart',
    edits: [
      { file: 'server/realtime/sync/heads.ts', find: 'serverLimits.headsMs', put: '3_600_000', within: 'startHeads' },
      {
        file: 'server/realtime/sync/reconciler.ts',
        find: 'serverLimits.reconcileMs',
        put: '3_600_000',
        within: 'startReconciler',
      },
    ],
  },
  'no reconciler': {
    breaks: 'a lost change of a list is found without further traffic',
    scenario: 'apart',
    edits: [
      {
        file: 'server/realtime/sync/reconciler.ts',
        find: 'serverLimits.reconcileMs',
        put: '3_600_000',
        within: 'startReconciler',
      },
    ],
  },
  'agents not reconciled': {
    breaks: 'a lost change of an agent is found without further traffic',
    scenario: 'apart',
    edits: [
      {
        file: 'server/realtime/sync/reconciled-lists.ts',
        find: 'selectChangedAgents',
        put: 'async () => []',
        within: 'reconciledLists',
      },
    ],
  },
  'transactions not retried': {
    breaks: 'a transaction is retried after its connection was lost',
    scenario: 'lost connections',
    edits: [
      {
        file: 'db/core/transaction.ts',
        find: 'if (!lost && !isTransactionConflict(error)) throw error',
        put: 'throw error',
        within: 'inTransaction',
      },
      {
        file: 'server/messages/write-path/optimistic-store.ts',
        find: 'if (!isRetry && errnoOf(error) === 0) throw error',
        put: 'if (isRetry || errnoOf(error) === 0) throw error',
        within: 'appendCached',
      },
    ],
  },
  'seq counted in memory': {
    breaks: 'seq has no gaps',
    scenario: 'faults',
    edits: [
      {
        file: planAppends,
        find: 'conversation.lastSeq += 1',
        put: `const counters: Map<number, number> = ((globalThis as { counters?: Map<number, number> }).counters ??= new Map())
  const counted = Math.max(counters.get(conversation.id) ?? 0, conversation.lastSeq) + 1
  counters.set(conversation.id, counted)
  conversation.lastSeq = counted`,
        within: 'nextRow',
      },
    ],
  },
  'receipt not stored': {
    breaks: 'an acknowledged receipt survives',
    scenario: 'faults',
    edits: [
      {
        file: 'server/messages/write-path/apply-receipts.ts',
        find: '{ changes: conversations, result: outcomes }',
        put: '{ changes: [], result: outcomes }',
        within: 'applyReceipts',
      },
    ],
  },
  'no row lock': {
    breaks: 'a claim has one winner, and changes of a conversation do not overlap',
    scenario: 'faults',
    edits: [{ file: 'db/queries/conversations.ts', find: '.forUpdate()', put: '' }],
  },
}
