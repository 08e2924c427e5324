// Below the messages: the composer for whoever may write, otherwise the claim bar.

import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import { type FileSelection, sendFiles } from '../../shared/attachments/file-selection.ts'
import { Composer } from '../../shared/conversation/composer.tsx'
import { openDraft } from '../../shared/storage/draft.ts'
import type { OpenConversation } from '../../shared/timeline/open-conversation.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { plainCustomerName } from '../customer-name.ts'
import { texts } from '../texts.ts'
import { draftName, useWorkspace } from '../workspace/workspace.ts'
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
  const draft = useMemo(() => openDraft(workspace.storage, draftName(conversation.id)), [conversation.id])
  useEffect(() => draft.close, [draft])
  const { canWrite } = permissionsOf(conversation, workspace)
  const t = texts.value.thread
  const name = plainCustomerName(conversation.customer)

  useEffect(() => {
    if (canWrite && matchMedia('(hover: hover)').matches) field.current?.focus({ preventScroll: true })
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
          draft.sent(!hasVisibleCharacter(text) ? sent : sent.then(() => open.send(text)))
          open.typingNotifier.stop()
        }}
      />
    </>
  )
}
