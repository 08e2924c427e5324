// What an agent works at while logged in: the connection, the conversations, their counts, the team. One a login, ended with it.

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { AgentRole, User } from '#protocol/entities.ts'
import { type Connection, createConnection } from '../../shared/connection/connection.ts'
import { openStorage, type Storage } from '../../shared/storage/storage.ts'
import type { Self } from '../../shared/timeline/items.ts'
import { type Attention, watchAttention } from '../attention/attention.ts'
import { route } from '../router.ts'
import { endSession, heldToken, renewToken } from '../session/session.ts'
import { type Conversations, createConversations } from './conversations.ts'
import { type Counts, watchCounts } from './counts.ts'
import { type Team, watchTeam } from './team.ts'

export interface Desk {
  self: Self & { role: AgentRole }
  agentId: number
  isAdmin: boolean
  connection: Connection
  conversations: Conversations
  counts: Counts
  team: Team
  attention: Attention
  /** Drafts and unsent messages of this user on this browser. */
  storage: Storage
  leave(): void
}

export function openDesk(user: User): Desk {
  const connection = createConnection({
    getToken: heldToken,
    renewToken,
    onUnauthorized: () => endSession(true),
  })
  const conversations = createConversations(connection, user.id)
  const counts = watchCounts(connection)
  const team = watchTeam(connection)
  const attention = watchAttention({ connection, conversations, counts, agentId: user.id })
  const undo = [
    connection.on('conversation:created', ({ conversation }) => conversations.take(conversation)),
    connection.on('conversation:updated', ({ conversation }) => conversations.take(conversation)),
    connection.state.subscribe(({ phase }) => {
      if (phase !== 'online') return
      const shown = route.peek()
      // One's own conversations are always known: unread ones count in the title.
      void conversations.refresh([...new Set(['mine', shown.page === 'inbox' ? shown.view : 'queue'] as const)])
      void counts.refresh()
      void team.refresh()
    }),
    counts.stop,
    team.stop,
    attention.stop,
    connection.close,
  ]
  return {
    self: { id: user.id, role: user.role, name: user.name },
    agentId: user.id,
    isAdmin: user.role === 'admin',
    connection,
    conversations,
    counts,
    team,
    attention,
    storage: openStorage(`kefu:console:${user.id}:`),
    leave() {
      for (const each of undo) each()
    },
  }
}

const DeskContext = createContext<Desk | null>(null)
export const DeskProvider = DeskContext.Provider

export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('No desk: this is shown to people logged in only')
  return desk
}
