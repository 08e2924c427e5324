// Rows of the conversation list in every state, and the list with pages.

import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { ConversationList } from '../../console/inbox/conversation-list.tsx'
import { ConversationRow } from '../../console/inbox/conversation-row.tsx'
import {
  closed,
  conversation,
  many,
  message,
  ofColleague,
  unnamed,
  verified,
  waiting,
} from '../samples/conversations.ts'
import { file } from '../samples/items.ts'
import { ownId } from '../samples/people.ts'
import { words } from '../samples/words.ts'
import { SampleWorkspace } from '../samples/workspace.tsx'
import { Specimen } from '../specimen.tsx'

type RowSample = [label: string, conversation: AgentConversation, view: ConversationView, isSelected?: boolean]

const rows = (): RowSample[] => [
  ['read', conversation(), 'mine'],
  ['unread', conversation({ unread: 3 }), 'mine'],
  ['many unread', conversation({ unread: 240 }), 'mine'],
  ['selected', conversation(), 'mine', true],
  ['waiting', waiting(), 'queue'],
  ['of a colleague', ofColleague(), 'all'],
  ['closed', closed(), 'closed'],
  ['outdated', closed(), 'mine'],
  ['own last message', conversation({ lastMessage: message({ senderRole: 'admin', senderId: ownId }) }), 'mine'],
  [
    'attachment',
    conversation({
      lastMessage: message({ type: 'file', content: words.value.file, attachment: { ...file(1), id: 1 } }),
    }),
    'mine',
  ],
  ['no message', conversation({ lastMessage: null }), 'all'],
  ['unnamed customer', unnamed(), 'mine'],
  ['long name', verified(), 'mine'],
]

export function Lists() {
  return (
    <>
      {rows().map(([label, sample, view, isSelected = false]) => (
        <Specimen key={label} label={`ConversationRow ${label}`} layout="pane">
          <SampleWorkspace>
            <ul>
              <ConversationRow conversation={sample} view={view} isSelected={isSelected} />
            </ul>
          </SampleWorkspace>
        </Specimen>
      ))}
      <Specimen label="ConversationList" layout="pane" height={30}>
        <SampleWorkspace conversations={[...many(30), waiting(), ofColleague()]}>
          <ConversationList view="all" selected={101} />
        </SampleWorkspace>
      </Specimen>
    </>
  )
}
