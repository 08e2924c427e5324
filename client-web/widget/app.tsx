// The panel: header, messages, status, and the reply area.

import { useEffect, useRef } from 'preact/hooks'
import type { Person } from '#protocol/entities.ts'
import { inSentence } from '#protocol/visible-text.ts'
import { DropHint } from '../shared/attachments/drop-hint.tsx'
import { useFileDrop } from '../shared/attachments/use-file-drop.ts'
import { Composer } from '../shared/conversation/composer.tsx'
import { MessageList } from '../shared/conversation/message-list.tsx'
import { PlainBubble } from '../shared/conversation/plain-bubble.tsx'
import { TypingIndicator } from '../shared/conversation/typing-indicator.tsx'
import { plainName } from '../shared/person-name.ts'
import { NewVersionBanner } from '../shared/release/new-version-banner.tsx'
import { firstLoadedSeq } from '../shared/timeline/timeline.ts'
import { Banner } from '../shared/ui/banner.tsx'
import styles from './app.module.css'
import { ConversationStatus } from './conversation-status.tsx'
import { Header } from './header.tsx'
import { OfflineBanner } from './offline-banner.tsx'
import { texts } from './texts.ts'
import { useAccent } from './use-accent.ts'
import type { Widget } from './widget.ts'

export function App({ widget }: { widget: Widget }) {
  const { session, current, refusal } = widget
  const site = session.site.value
  const t = texts.value
  useAccent(site?.color)
  useEffect(() => {
    document.title = t.pageTitle(inSentence(site?.name ?? t.shop))
  }, [site?.name, t])
  useEffect(() => {
    if (!widget.isEmbedded) return
    const closeOnEscape = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.isComposing) widget.close()
    }
    document.addEventListener('keydown', closeOnEscape)
    return () => document.removeEventListener('keydown', closeOnEscape)
  }, [widget])

  const reason = refusal.value
  const drop = useFileDrop(reason ? null : widget.selection.add)
  return (
    <div class={styles.panel}>
      <Header widget={widget} />
      <main class={styles.main} {...drop.handlers}>
        {reason ? (
          <div class={styles.notices}>
            <Banner tone="danger">{t[reason]}</Banner>
          </div>
        ) : (
          widget.isSettled.value && (
            <>
              <Messages widget={widget} />
              <div class={styles.notices}>
                <NewVersionBanner />
                <OfflineBanner connection={widget.connection.value} />
                {current.open.value?.error.value && <Banner tone="danger">{t.unreadable}</Banner>}
                {!widget.isDurable.value && current.outbox.entries.value.length > 0 && (
                  <Banner tone="warning">{t.notStored}</Banner>
                )}
              </div>
              <ReplyArea widget={widget} />
            </>
          )
        )}
        {drop.isOver && <DropHint />}
      </main>
    </div>
  )
}

function Messages({ widget }: { widget: Widget }) {
  const { session, current } = widget
  const site = session.site.value
  const open = current.open.value
  const t = texts.value
  const [typing] = open?.typing.value ?? []
  return (
    <MessageList
      items={current.items.value}
      side="customer"
      isLoaded={current.isLoaded.value}
      hasOlder={open !== null && firstLoadedSeq(open.timeline.value) > 1}
      isLoadingOlder={open?.isLoadingOlder.value ?? false}
      onOlder={() => open?.loadOlder()}
      onRetry={current.outbox.retry}
      onRemove={current.outbox.remove}
      files={widget.files}
      progress={current.outbox.progress}
      isAtEnd={widget.isAtEnd}
      start={site && current.isLoaded.value && <PlainBubble name={site.name} text={site.greeting || t.greeting} />}
      end={
        <>
          {typing && (
            <TypingIndicator name={nameOfTyping(open?.conversation.value?.agent ?? null, site?.name ?? t.shop)} />
          )}
          <ConversationStatus session={session} conversation={open?.conversation.value ?? null} />
        </>
      }
    />
  )
}

const nameOfTyping = (agent: Person | null, shop: string) => (agent ? plainName(agent) : inSentence(shop))

function ReplyArea({ widget }: { widget: Widget }) {
  const fieldRef = useRef<HTMLTextAreaElement>(null)
  const { draft, current } = widget
  const focusRequests = widget.focusRequests.value
  useEffect(() => {
    // On touch screens focus would open the keyboard over the messages.
    if (focusRequests > 0 && !matchMedia('(pointer: coarse)').matches) fieldRef.current?.focus()
  }, [focusRequests])
  return (
    <Composer
      label={texts.value.compose}
      placeholder={texts.value.placeholder}
      text={draft.text.value}
      onText={(text) => {
        draft.set(text)
        current.open.value?.typingNotifier.changed(text)
      }}
      selection={widget.selection}
      onSend={(text) => widget.send(text)}
      fieldRef={fieldRef}
    />
  )
}
