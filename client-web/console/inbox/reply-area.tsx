// Below the messages: the composer for whoever may write, otherwise the claim bar.

import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { type FileSelection, sendFiles } from '../../shared/attachments/file-selection.ts'
import { Composer } from '../../shared/conversation/composer.tsx'
import { openDraft } from '../../shared/storage/draft.ts'
import type { OpenConversation } from '../../shared/timeline/open-conversation.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { customerName } from '../customer-name.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { permissionsOf } from './actions.ts'
import { ClaimBar } from './claim-bar.tsx'

interface ReplyAreaProps {
  open: OpenConversation<AgentConversation>
  conversation: AgentConversation
  view: ConversationView
  selection: FileSelection
}

export function ReplyArea({ open, conversation, view, selection }: ReplyAreaProps) {
  const workspace = useWorkspace()
  const field = useRef<HTMLTextAreaElement>(null)
  const draft = useMemo(() => openDraft(workspace.storage, `conversation:${conversation.id}`), [conversation.id])
  useEffect(() => draft.close, [draft])
  const { canWrite } = permissionsOf(conversation, workspace)
  const t = texts.value.thread
  const name = customerName(conversation.customer)

  useEffect(() => {
    if (canWrite && matchMedia('(hover: hover)').matches) field.current?.focus()
  }, [conversation.id, canWrite])

  if (!canWrite) return <ClaimBar conversation={conversation} view={view} />
  return (
    <>
      {!workspace.storage.isDurable.value && <Banner tone="warning">{t.notStored}</Banner>}
      <Composer
        label={t.compose(name)}
        placeholder={matchMedia('(width >= 700px)').matches ? t.placeholder : t.placeholderShort}
        text={draft.text.value}
        fieldRef={field}
        onText={(text) => {
          draft.set(text)
          open.typingNotifier.changed(text)
        }}
        selection={selection}
        onSend={(text) => {
          const sent = sendFiles(selection.drain(), open.send)
          draft.sent(text.trim() === '' ? sent : sent.then(() => open.send(text)))
          open.typingNotifier.stop()
        }}
      />
    </>
  )
}
