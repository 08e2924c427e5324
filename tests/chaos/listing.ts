// The lists of an agent's screen: every conversation as a row, and every colleague's name and status. Loaded at each
// connect, then kept current by events.

import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentStatusValue, Conversation } from '#protocol/entities.ts'
import type { ChaosClient } from './chaos-client.ts'

export interface Listing {
  client: ChaosClient
  rows: Map<number, Conversation>
  statuses: Map<number, AgentStatusValue>
  names: Map<number, string>
}

export function keepListing(client: ChaosClient): Listing {
  const rows: Listing['rows'] = new Map()
  const statuses: Listing['statuses'] = new Map()
  const names: Listing['names'] = new Map()
  /** Agents with an event since the list was requested: the event is newer than the list. */
  let updatedSince = new Set<number>()
  let renamedSince = new Set<number>()
  const add = (conversation: Conversation) => {
    if (conversation.version > (rows.get(conversation.id)?.version ?? 0)) rows.set(conversation.id, conversation)
  }

  async function readViews(): Promise<boolean> {
    for (const view of ['all', 'closed'] as const) {
      let cursor: string | undefined
      do {
        const page = await client.request('conversation:list', { view, limit: 100, ...(cursor ? { cursor } : {}) })
        if (page.kind !== 'ok') return false
        for (const conversation of page.data.conversations) add(conversation)
        cursor = page.data.nextCursor ?? undefined
      } while (cursor !== undefined)
    }
    updatedSince = new Set()
    renamedSince = new Set()
    const listed = await client.request('agent:list', {})
    if (listed.kind !== 'ok') return false
    for (const { id, status, name } of listed.data.agents) {
      if (!updatedSince.has(id)) statuses.set(id, status)
      if (!renamedSince.has(id)) names.set(id, name)
    }
    return true
  }

  client.on('conversation:created', ({ conversation }) => add(conversation))
  client.on('conversation:updated', ({ conversation }) => add(conversation))
  client.on('agent:status-changed', ({ agentId, status }) => {
    updatedSince.add(agentId)
    statuses.set(agentId, status)
  })
  client.on('agent:updated', ({ agentId, agent }) => {
    renamedSince.add(agentId)
    names.set(agentId, agent?.name ?? '')
  })
  client.onOnline(async () => {
    while (client.isOnline() && !(await readViews())) await sleep(200)
  })
  return { client, rows, statuses, names }
}
