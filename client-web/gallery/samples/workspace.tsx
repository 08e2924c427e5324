// The console's own store on a sample connection, for the components that read it.

import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import type { AgentConversation, ConversationCounts } from '#protocol/entities.ts'
import { createConversations } from '../../console/workspace/conversations.ts'
import { watchCounts } from '../../console/workspace/counts.ts'
import { watchTeam } from '../../console/workspace/team.ts'
import { belongsTo } from '../../console/workspace/views.ts'
import { type Workspace, WorkspaceProvider } from '../../console/workspace/workspace.ts'
import type { ConnectionState } from '../../shared/connection/connection.ts'
import { language } from '../../shared/i18n/language.ts'
import { openStorage } from '../../shared/storage/storage.ts'
import { openOutbox } from '../../shared/timeline/outbox.ts'
import { type SampleReplies, sampleConnection } from './connection.ts'
import { sampleFiles } from './files.ts'
import { agents, ownId, ownUser } from './people.ts'

export interface SampleWorkspaceProps {
  conversations?: AgentConversation[]
  counts?: ConversationCounts
  replies?: SampleReplies
  state?: ConnectionState
  children: ComponentChildren
}

const usualCounts = { queue: 1, mine: 3, all: 24, closed: 1_001, unread: 1 }

export function SampleWorkspace({ children, ...props }: SampleWorkspaceProps) {
  // The names of people are those of the language.
  const workspace = useMemo(() => sampleWorkspace(props), [language.value])
  return <WorkspaceProvider value={workspace}>{children}</WorkspaceProvider>
}

function sampleWorkspace(props: Omit<SampleWorkspaceProps, 'children'>): Workspace {
  const { conversations: rows = [], counts: shownCounts = usualCounts, replies, state } = props
  const connection = sampleConnection(
    {
      'agent:list': () => ({ agents: agents() }),
      'conversation:count': () => shownCounts,
      'conversation:list': ({ view }) => ({
        conversations: rows.filter((each) => belongsTo(each, view ?? 'all', ownId)),
        nextCursor: null,
      }),
      ...replies,
    },
    state,
  )
  const conversations = createConversations(connection, ownId)
  for (const row of rows) conversations.merge(row)
  const counts = watchCounts(connection, ownId)
  const team = watchTeam(connection)
  void counts.refresh()
  void team.refresh()
  const storage = openStorage('kefu:gallery:')
  const pending = () => new Promise<never>(() => {})
  return {
    self: { id: ownId, role: 'admin', name: ownUser().name },
    agentId: ownId,
    isAdmin: true,
    connection,
    conversations,
    counts,
    team,
    notifications: { count: signal(0), stop() {} },
    storage,
    outbox: openOutbox({ storage, queueKeyOf: () => 'gallery', deliver: pending, upload: pending }),
    files: sampleFiles,
    close() {},
  }
}
