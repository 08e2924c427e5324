// The client-side store of a logged-in agent: connection,
// conversations, counts, team. It lasts as long as the login session.

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { AgentRole, User } from '#protocol/entities.ts'
import { type Files, openFiles } from '../../shared/attachments/files.ts'
import { type Connection, createConnection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { removeDraft } from '../../shared/storage/draft.ts'
import { openStorage, type Storage } from '../../shared/storage/storage.ts'
import type { Self } from '../../shared/timeline/items.ts'
import { type Outbox, openOutbox } from '../../shared/timeline/outbox.ts'
import { messageParts } from '../../shared/timeline/outbox-store.ts'
import { type Notifications, watchNotifications } from '../notifications/notifications.ts'
import { route } from '../router.ts'
import { currentToken, endSession, renewToken, session, setUser } from '../session/session.ts'
import { type Conversations, createConversations } from './conversations.ts'
import { type Counts, watchCounts } from './counts.ts'
import { type Team, watchTeam } from './team.ts'

export interface Workspace {
  self: Self & { role: AgentRole }
  agentId: number
  isAdmin: boolean
  connection: Connection
  conversations: Conversations
  counts: Counts
  team: Team
  notifications: Notifications
  /** Drafts of this user in this browser. */
  storage: Storage
  /** Unsent messages of this user, to any conversation. */
  outbox: Outbox
  files: Files
  close(): void
}

/** The name of the draft of a reply. */
export const draftName = (conversationId: number) => `conversation:${conversationId}`

export function createWorkspace(user: User): Workspace {
  // Another user may have logged in, here or in another tab: nothing of this workspace is sent as theirs.
  const isCurrentUser = () => {
    const now = session.peek()
    return now.phase === 'in' && now.user.id === user.id
  }
  const tokens = {
    getToken: () => (isCurrentUser() ? currentToken() : null),
    async renewToken() {
      const token = await renewToken()
      if (!isCurrentUser()) throw RequestError.offline()
      return token
    },
  }
  const files = openFiles(tokens)
  const connection = createConnection({
    ...tokens,
    onUnauthorized: () => endSession(true),
  })
  const conversations = createConversations(connection, user.id)
  const counts = watchCounts(connection, user.id)
  const team = watchTeam(connection)
  const notifications = watchNotifications({ connection, conversations, counts, agentId: user.id })
  const storage = openStorage(`kefu:console:${user.id}:`)
  const outbox = openOutbox({
    storage,
    queueKeyOf: ({ conversationId }) => `${conversationId}`,
    async deliver(entry) {
      const message = { conversationId: entry.conversationId as number, ...messageParts(entry) }
      return (await connection.request('message:send', message)).message
    },
    upload: files.upload,
  })
  function refresh(): void {
    const shown = route.peek()
    // Always load the agent's own conversations: their unread messages count in the title.
    void conversations.refresh([...new Set(['mine', shown.page === 'inbox' ? shown.view : 'queue'] as const)])
    void counts.refresh()
    void team.refresh()
  }

  const undo = [
    connection.on('conversation:created', ({ conversation }) => conversations.merge(conversation)),
    connection.on('conversation:updated', ({ conversation }) => conversations.merge(conversation)),
    connection.on('conversation:erased', ({ conversationId }) => {
      conversations.remove(conversationId)
      removeDraft(storage, draftName(conversationId))
      for (const entry of outbox.entries.peek()) {
        if (entry.conversationId === conversationId) outbox.remove(entry.clientMessageId)
      }
    }),
    // The agent's own name was changed in another tab or by an admin.
    connection.on('agent:updated', ({ agent }) => {
      const now = session.peek()
      if (now.phase === 'in' && now.user.id === agent?.id) setUser({ ...now.user, name: agent.name })
    }),
    connection.state.subscribe(({ phase }) => {
      outbox.resume()
      if (phase === 'online') refresh()
    }),
    connection.onNewEpoch(() => {
      conversations.clear()
      refresh()
    }),
    counts.stop,
    team.stop,
    notifications.stop,
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
    notifications,
    storage,
    outbox,
    files,
    close() {
      for (const each of undo) each()
    },
  }
}

const WorkspaceContext = createContext<Workspace | null>(null)
export const WorkspaceProvider = WorkspaceContext.Provider

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext)
  if (!workspace) throw new Error('useWorkspace needs a WorkspaceProvider')
  return workspace
}
