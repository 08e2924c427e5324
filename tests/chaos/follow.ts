// Keeps a client's view of a conversation complete by the protocol alone. A gap, a reconnect or a newer head makes it
// request everything after its last seq and version, page by page.

import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '#protocol/limits/wire.ts'
import type { ChaosClient, Outcome } from './chaos-client.ts'
import type { Journal } from './journal.ts'
import { addConversation, addMessages, addReceipt, createView, hasGap, lastSeq, type View } from './view.ts'

export interface Following {
  client: ChaosClient
  view: View
  /** Resolves after the first sync. */
  opened: Promise<void>
  stop(): void
}

/** A conversation event may overtake the event of its message. The message counts as missing after this time. */
const graceMs = 400

export function follow(client: ChaosClient, conversationId: number, journal: Journal): Following {
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
    while (isWanted && !isStopped && client.isOnline()) {
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

  /** False when a reply was lost. The pages before it are kept. */
  async function catchUp(afterVersion = view.conversation?.version ?? 0): Promise<boolean> {
    const afterSeq = lastSeq(view)
    const opening = await client.request('conversation:open', {
      conversationId,
      afterSeq,
      afterVersion,
      limit: limits.pageSize,
    })
    if (!isOk(opening)) return false
    merge(opening.data.messages)
    const last = opening.data.messages.at(-1)
    if (opening.data.hasMore && last && last.seq <= afterSeq) return catchUp(last.version)
    addConversation(view, opening.data.conversation)
    for (let isMore = opening.data.hasMore; isMore; ) {
      const held = lastSeq(view)
      const page = await client.request('message:list', { conversationId, afterSeq: held, limit: limits.pageSize })
      if (!isOk(page)) return false
      merge(page.data.messages)
      isMore = page.data.hasMore && lastSeq(view) > held
    }
    return true
  }

  function merge(messages: Parameters<typeof addMessages>[1]) {
    const complaint = addMessages(view, messages)
    if (complaint !== null) journal.violation(`user ${client.account.id}: ${complaint}`)
  }

  function syncSoon() {
    clearTimeout(timer)
    timer = setTimeout(() => {
      const behind = (view.conversation?.lastSeq ?? 0) > lastSeq(view)
      if (behind || hasGap(view)) void sync()
    }, graceMs)
  }

  client.on('message:created', (message) => {
    if (message.conversationId !== conversationId || isStopped) return
    merge([message])
    if (!hasGap(view)) return
    // An event that arrives during a sync is not a gap.
    if (isSyncing) return void sync()
    journal.count('gaps seen')
    journal.note('gap', { userId: client.account.id, conversationId, lastSeq: lastSeq(view), seq: message.seq })
    void sync()
  })
  client.on('receipt:updated', (receipt) => {
    if (receipt.conversationId === conversationId) addReceipt(view, receipt)
  })
  client.on('conversation:updated', ({ conversation }) => {
    if (conversation.id !== conversationId || isStopped) return
    addConversation(view, conversation)
    if (conversation.lastSeq > lastSeq(view)) syncSoon()
  })
  client.on('conversation:heads', ({ heads }) => {
    const head = heads.find((each) => each.conversationId === conversationId)
    if (!head || isStopped) return
    if (head.lastSeq > lastSeq(view) || head.version > (view.conversation?.version ?? 0)) {
      journal.count('heads ahead')
      void sync()
    }
  })
  client.onOnline(() => void sync())

  return {
    client,
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
