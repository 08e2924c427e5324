// Keeps a person's view of a conversation whole, by the protocol alone: what is told is added; a hole, a reconnect or a head that is ahead
// is filled by asking for what follows the last seq and version held, page by page.

import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '#protocol/limits/wire.ts'
import type { Outcome, Person } from './chaos-client.ts'
import type { Journal } from './journal.ts'
import { addConversation, addMessages, addReceipt, createView, hasHole, lastSeq, type View } from './view.ts'

export interface Following {
  person: Person
  view: View
  /** Resolves when the first sync is through. */
  opened: Promise<void>
  stop(): void
}

/** News of a conversation may overtake its message, which is told in an event of its own: this long before it counts as missing. */
const graceMs = 400

export function follow(person: Person, conversationId: number, journal: Journal): Following {
  const view = createView(conversationId)
  let isStopped = false
  let isWanted = false
  let isSyncing = false
  let timer: NodeJS.Timeout | undefined
  let settle = () => {}
  const opened = new Promise<void>((resolve) => {
    settle = resolve
  })

  async function sync() {
    isWanted = true
    if (isSyncing) return
    isSyncing = true
    while (isWanted && !isStopped && person.isOnline()) {
      isWanted = false
      journal.count('syncs')
      const isWhole = await catchUp()
      if (isWhole) settle()
      else {
        isWanted = true
        await sleep(200)
      }
    }
    isSyncing = false
  }

  /** False where an answer was missing; what came is kept. */
  async function catchUp(afterVersion = view.conversation?.version ?? 0): Promise<boolean> {
    const afterSeq = lastSeq(view)
    const opening = await person.request('conversation:open', {
      conversationId,
      afterSeq,
      afterVersion,
      limit: limits.pageSize,
    })
    if (!isOk(opening)) return false
    take(opening.data.messages)
    const last = opening.data.messages.at(-1)
    if (opening.data.hasMore && last && last.seq <= afterSeq) return catchUp(last.version)
    addConversation(view, opening.data.conversation)
    for (let isMore = opening.data.hasMore; isMore; ) {
      const held = lastSeq(view)
      const page = await person.request('message:list', { conversationId, afterSeq: held, limit: limits.pageSize })
      if (!isOk(page)) return false
      take(page.data.messages)
      isMore = page.data.hasMore && lastSeq(view) > held
    }
    return true
  }

  function take(messages: Parameters<typeof addMessages>[1]) {
    const complaint = addMessages(view, messages)
    if (complaint !== null) journal.violation(`user ${person.account.id}: ${complaint}`)
  }

  function syncSoon() {
    clearTimeout(timer)
    timer = setTimeout(() => {
      const behind = (view.conversation?.lastSeq ?? 0) > lastSeq(view)
      if (behind || hasHole(view)) void sync()
    }, graceMs)
  }

  person.on('message:created', (message) => {
    if (message.conversationId !== conversationId || isStopped) return
    take([message])
    if (!hasHole(view)) return
    // What is told while the answer is under way is no hole.
    if (isSyncing) return void sync()
    journal.count('holes seen')
    journal.note('hole', { userId: person.account.id, conversationId, holds: lastSeq(view), told: message.seq })
    void sync()
  })
  person.on('receipt:updated', (receipt) => {
    if (receipt.conversationId === conversationId) addReceipt(view, receipt)
  })
  person.on('conversation:updated', ({ conversation }) => {
    if (conversation.id !== conversationId || isStopped) return
    addConversation(view, conversation)
    if (conversation.lastSeq > lastSeq(view)) syncSoon()
  })
  person.on('conversation:heads', ({ heads }) => {
    const head = heads.find((each) => each.conversationId === conversationId)
    if (!head || isStopped) return
    if (head.lastSeq > lastSeq(view) || head.version > (view.conversation?.version ?? 0)) {
      journal.count('heads ahead')
      void sync()
    }
  })
  person.onOnline(() => void sync())

  return {
    person,
    view,
    opened,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

function isOk<T>(outcome: Outcome<T>): outcome is Extract<Outcome<T>, { kind: 'ok' }> {
  return outcome.kind === 'ok'
}
