// Builds of Kefu that break one promise each, to prove that the checker sees it. They are exact replacements in a copy of the source; nothing
// of them is in the product. One that does not fit the source any more fails.

import type { Edit } from '../support/patched-source.ts'
import type { ScenarioName } from './scenarios.ts'

export interface Sabotage {
  /** The promise it breaks. */
  breaks: string
  /** Where it must be caught. */
  scenario: ScenarioName
  edits: Edit[]
}

const planAppends = 'server/messages/write-path/plan-appends.ts'
const writer = 'server/messages/write-path/message-writer.ts'
const inTransaction =
  'const appended = await inTransaction(app.db, (trx, again) => appendLocked(trx, sends, again), shortcut)'

/** Commit and answer follow each other within a millisecond: a fault at random hits what is broken between them only when they are further apart. */
const aMoment = 'await new Promise((resolve) => setTimeout(resolve, 30))'

export const sabotages: Record<string, Sabotage> = {
  'no unique key': {
    breaks: 'a message sent again is the message already there',
    scenario: 'faults',
    edits: [
      { file: 'schema.sql', find: 'UNIQUE KEY messages_client_id', put: 'KEY messages_client_id' },
      {
        file: writer,
        find: 'app.known.note(appended.conversations)',
        put: `${aMoment}\n      app.known.note(appended.conversations)`,
      },
    ],
  },
  'acknowledged before commit': {
    breaks: 'an acknowledged message survives',
    scenario: 'faults',
    edits: [
      {
        file: writer,
        find: inTransaction,
        put: `const appended = await inTransaction(app.db, async (trx, again) => {
        const appended = await appendLocked(trx, sends, again)
        batch.forEach((one, index) => {
          const outcome = appended.outcomes[index] as Appended | AppError
          if (!(outcome instanceof AppError)) one.resolve(outcome)
        })
        ${aMoment}
        return appended
      })`,
      },
    ],
  },
  'told before commit': {
    breaks: 'nothing is told before its commit',
    scenario: 'faults',
    edits: [
      {
        file: writer,
        find: inTransaction,
        put: `const appended = await inTransaction(app.db, async (trx, again) => {
        const appended = await appendLocked(trx, sends, again)
        publishMessages(app, teller, sends, appended.outcomes, appended.changes)
        ${aMoment}
        return appended
      })`,
      },
    ],
  },
  'read, then joined': {
    breaks: 'nothing falls between what is read and what is told',
    scenario: 'openings',
    edits: [
      {
        file: 'server/realtime/requests.ts',
        find: 'both(openConversation, { subscribes: theConversation,',
        put: 'both(openConversation, { subscribesTo: (reply) => reply.conversation.id,',
      },
      {
        file: 'server/realtime/connection.ts',
        find: '    if (entry.subscribesTo) await',
        put: `    ${aMoment}
    if (entry.subscribesTo) await`,
      },
    ],
  },
  'silence is trusted': {
    breaks: 'what was lost on the way is found without further traffic',
    scenario: 'apart',
    edits: [
      { file: 'server/realtime/sync/heads.ts', find: '}, serverLimits.headsMs)', put: '}, 3_600_000)' },
      { file: 'server/realtime/sync/reconciler.ts', find: '}, serverLimits.reconcileMs)', put: '}, 3_600_000)' },
    ],
  },
  'no comparison': {
    breaks: 'rows of lists that were not told are found without further traffic',
    scenario: 'apart',
    edits: [{ file: 'server/realtime/sync/reconciler.ts', find: '}, serverLimits.reconcileMs)', put: '}, 3_600_000)' }],
  },
  'transactions not tried again': {
    breaks: 'a transaction whose connection was lost runs again',
    scenario: 'lost connections',
    edits: [
      {
        file: 'db/core/transaction.ts',
        find: 'if (!lost && !isTransactionConflict(error)) throw error',
        put: 'throw error',
      },
      {
        file: 'db/core/transaction.ts',
        find: 'if (!again && errnoOf(error) === 0) throw error',
        put: 'if (again || errnoOf(error) === 0) throw error',
      },
    ],
  },
  'seq counted in memory': {
    breaks: 'seq has no holes',
    scenario: 'faults',
    edits: [
      {
        file: planAppends,
        find: '  conversation.lastSeq += 1\n',
        put: `  const counted = Math.max(counters.get(conversation.id) ?? 0, conversation.lastSeq) + 1
  counters.set(conversation.id, counted)
  conversation.lastSeq = counted
`,
      },
      {
        file: planAppends,
        find: 'function nextRow(',
        put: 'const counters = new Map<number, number>()\nfunction nextRow(',
      },
    ],
  },
  'receipt not stored': {
    breaks: 'an acknowledged receipt survives',
    scenario: 'faults',
    edits: [
      {
        file: 'server/messages/write-path/apply-receipts.ts',
        find: '  await saveConversations(trx, conversations)\n',
        put: '',
      },
    ],
  },
  'no row lock': {
    breaks: 'a claim has one winner, and changes of a conversation happen one after another',
    scenario: 'faults',
    edits: [{ file: 'db/queries/conversations.ts', find: '    .forUpdate()\n', put: '' }],
  },
}
