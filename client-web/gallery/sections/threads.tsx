// The console's thread: header and claim bar in every state, the details pane, and a whole thread.

import { useMemo } from 'preact/hooks'
import type { AgentConversation } from '#protocol/entities.ts'
import { ClaimBar } from '../../console/inbox/claim-bar.tsx'
import { DetailsPane } from '../../console/inbox/details-pane.tsx'
import { Thread } from '../../console/inbox/thread.tsx'
import { ThreadHeader } from '../../console/inbox/thread-header.tsx'
import { language } from '../../shared/i18n/language.ts'
import { closed, conversation, message, ofColleague, unnamed, verified, waiting } from '../samples/conversations.ts'
import { ownId } from '../samples/people.ts'
import { words } from '../samples/words.ts'
import { SampleWorkspace } from '../samples/workspace.tsx'
import { Specimen } from '../specimen.tsx'

const states: [label: string, sample: () => AgentConversation][] = [
  ['open', waiting],
  ['pending', conversation],
  ['pending, of a colleague', ofColleague],
  ['closed', closed],
  ['long name', verified],
]

const withoutAnswer: [label: string, sample: () => AgentConversation][] = [
  ['open', waiting],
  ['closed', closed],
  ['open, long name', () => ({ ...waiting(), customer: verified().customer })],
]

const customers: [label: string, sample: () => AgentConversation][] = [
  ['unverified', conversation],
  ['verified, blocked, foreign page', verified],
  ['unnamed, closed', () => ({ ...unnamed(), closedAt: closed().closedAt, status: 'closed' })],
]

export function Threads() {
  return (
    <SampleWorkspace>
      {states.map(([label, sample]) => (
        <Specimen key={label} label={`ThreadHeader ${label}`} layout="wide">
          <ThreadHeader conversation={sample()} view="all" />
        </Specimen>
      ))}
      {withoutAnswer.map(([label, sample]) => (
        <Specimen key={label} label={`ClaimBar ${label}`} layout="pane">
          <ClaimBar conversation={sample()} view="queue" />
        </Specimen>
      ))}
      {customers.map(([label, sample]) => (
        <Specimen key={label} label={`DetailsPane ${label}`} layout="pane" height={34}>
          <DetailsPane conversation={sample()} />
        </Specimen>
      ))}
      <Specimen label="Thread" layout="wide" height={34}>
        <WholeThread />
      </Specimen>
    </SampleWorkspace>
  )
}

function WholeThread() {
  const shown = useMemo(() => conversation({ lastSeq: 3, lastMessage: message({ seq: 3 }) }), [language.value])
  const { question, answer, link, agent } = words.value
  const replies = {
    'conversation:open': () => ({
      conversation: shown,
      messages: [
        message({ content: question }),
        message({ seq: 2, content: answer, senderId: ownId, senderRole: 'admin', senderName: agent }),
        message({ seq: 3, content: link }),
      ],
      hasMore: false,
    }),
  }
  return (
    <SampleWorkspace conversations={[shown]} replies={replies}>
      <Thread key={language.value} conversationId={shown.id} view="mine" />
    </SampleWorkspace>
  )
}
