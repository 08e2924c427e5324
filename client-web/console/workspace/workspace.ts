// What an agent works at while logged in: the connection, the conversations, their counts, the team. One a login, ended with it.

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { AgentRole, User } from '#protocol/entities.ts'
import { type Files, openFiles } from '../../shared/attachments/files.ts'
import { type Connection, createConnection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { openStorage, type Storage } from '../../shared/storage/storage.ts'
import type { Self } from '../../shared/timeline/items.ts'
import { messageParts, type Outbox, openOutbox } from '../../shared/timeline/outbox.ts'
import { type Attention, watchAttention } from '../notifications/notifications.ts'
import { route } from '../router.ts'
import { endSession, heldToken, renewToken, session, setUser } from '../session/session.ts'
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
  /** Drafts of this user on this browser. */
  storage: Storage
  /** Unsent messages of this user, to any conversation, whichever is on the screen. */
  outbox: Outbox
  files: Files
  leave(): void
}

export function openDesk(user: User): Desk {
  // Somebody else may have logged in, here or in another tab: nothing of this desk goes out as theirs.
  const isTheirs = () => {
    const now = session.peek()
    return now.phase === 'in' && now.user.id === user.id
  }
  const tokens = {
    getToken: () => (isTheirs() ? heldToken() : null),
    async renewToken() {
      const token = await renewToken()
      if (!isTheirs()) throw RequestError.offline()
      return token
    },
  }
  const files = openFiles(tokens)
  const connection = createConnection({
    ...tokens,
    onUnauthorized: () => endSession(true),
  })
  const conversations = createConversations(connection, user.id)
  const counts = watchCounts(connection)
  const team = watchTeam(connection)
  const attention = watchAttention({ connection, conversations, counts, agentId: user.id })
  const storage = openStorage(`kefu:console:${user.id}:`)
  const outbox = openOutbox({
    storage,
    laneOf: ({ conversationId }) => `${conversationId}`,
    async deliver(entry) {
      const message = { conversationId: entry.conversationId as number, ...messageParts(entry) }
      return (await connection.request('message:send', message)).message
    },
    upload: files.upload,
  })
  const undo = [
    connection.on('conversation:created', ({ conversation }) => conversations.take(conversation)),
    connection.on('conversation:updated', ({ conversation }) => conversations.take(conversation)),
    // One's own new name, given in another tab or by an admin.
    connection.on('agent:updated', ({ agent }) => {
      const now = session.peek()
      if (now.phase === 'in' && now.user.id === agent?.id) setUser({ ...now.user, name: agent.name })
    }),
    connection.state.subscribe(({ phase }) => {
      outbox.wake()
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
    outbox.stop,
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
    storage,
    outbox,
    files,
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
