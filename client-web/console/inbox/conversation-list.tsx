// The list pane: the views with their counts, and the rows of the current view. Arrow keys move between rows.

import { useEffect, useRef } from 'preact/hooks'
import type { ConversationView } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { formatCount } from '../../shared/i18n/formats.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { Skeleton } from '../../shared/ui/loading.tsx'
import { paths } from '../router.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './conversation-list.module.css'
import { ConversationRow } from './conversation-row.tsx'
import { useFrozenOrder } from './use-frozen-order.ts'

const views: readonly ConversationView[] = ['queue', 'mine', 'all', 'closed']

interface ConversationListProps {
  view: ConversationView
  selected: number | null
}

export function ConversationList({ view, selected }: ConversationListProps) {
  const t = texts.value
  return (
    <section class={styles.pane} aria-label={t.list.label}>
      <h2 class={styles.title}>{t.list.label}</h2>
      <ViewTabs view={view} />
      <Rows key={view} view={view} selected={selected} />
    </section>
  )
}

function ViewTabs({ view }: { view: ConversationView }) {
  const counts = useWorkspace().counts.counts.value
  const t = texts.value.views
  return (
    <nav class={styles.views} aria-label={t.label}>
      {views.map((each) => (
        <a key={each} href={paths.inbox(each)} aria-current={each === view ? 'page' : undefined}>
          {t[each]} <span class={styles.count}>{counts && formatCount(counts[each], limits.countCap)}</span>
        </a>
      ))}
    </nav>
  )
}

function Rows({ view, selected }: ConversationListProps) {
  const { conversations, connection } = useWorkspace()
  const t = texts.value
  const list = useRef<HTMLDivElement>(null)
  const { rows, changes, freeze, unfreeze } = useFrozenOrder(conversations.rows(view), conversations.find)
  const { phase, nextCursor } = conversations.progress(view)
  const isOnline = connection.state.value.phase === 'online'

  useEffect(() => {
    if (isOnline) void conversations.load(view)
  }, [view, isOnline])

  // Typing elsewhere on the page means that the resting pointer is not about to click a row.
  useEffect(() => {
    const onKeyDownElsewhere = (event: KeyboardEvent) => {
      if (!list.current?.contains(event.target as Node)) unfreeze()
    }
    document.addEventListener('keydown', onKeyDownElsewhere)
    return () => document.removeEventListener('keydown', onKeyDownElsewhere)
  }, [])

  function moveFocus(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0 || event.altKey || event.ctrlKey || event.metaKey) return
    const links = [...(list.current?.querySelectorAll<HTMLAnchorElement>('li > a') ?? [])]
    const next = links[links.indexOf(document.activeElement as HTMLAnchorElement) + step]
    if (!next) return
    event.preventDefault()
    next.focus()
  }

  return (
    <>
      {changes > 0 && (
        <button type="button" class={styles.changes} onClick={unfreeze}>
          {t.list.changed(changes)}
        </button>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links are interactive; this only observes focus. */}
      <div
        ref={list}
        class={styles.rows}
        onPointerEnter={(event) => event.pointerType === 'mouse' && freeze()}
        onPointerLeave={unfreeze}
        onFocusIn={(event) => event.target instanceof Element && event.target.matches(':focus-visible') && freeze()}
        onFocusOut={unfreeze}
        onKeyDown={moveFocus}
      >
        {phase === 'failed' && rows.length === 0 && isOnline && (
          <Banner
            tone="danger"
            action={
              <Button size="sm" onClick={() => void conversations.load(view)}>
                {t.tryAgain}
              </Button>
            }
          >
            {t.list.failed}
          </Banner>
        )}
        {phase !== 'loaded' && phase !== 'failed' && rows.length === 0 && (
          <div class={styles.loading}>
            <Skeleton label={t.loading} lines={9} />
          </div>
        )}
        {phase === 'loaded' && rows.length === 0 && <EmptyView view={view} />}
        {rows.length > 0 && (
          <ul>
            {rows.map((conversation) => (
              <ConversationRow
                key={conversation.id}
                conversation={conversation}
                view={view}
                isSelected={conversation.id === selected}
              />
            ))}
          </ul>
        )}
        {nextCursor !== null && <More isBusy={phase === 'loading'} onMore={() => void conversations.loadMore(view)} />}
      </div>
    </>
  )
}

/** Loads the next page when scrolled into view. The button serves those who do not scroll. */
function More({ isBusy, onMore }: { isBusy: boolean; onMore: () => void }) {
  const sentinel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isBusy || !sentinel.current) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore())
    observer.observe(sentinel.current)
    return () => observer.disconnect()
  }, [isBusy])
  return (
    <div ref={sentinel} class={styles.more}>
      <Button variant="quiet" busy={isBusy} onClick={onMore}>
        {texts.value.list.more}
      </Button>
    </div>
  )
}

function EmptyView({ view }: { view: ConversationView }) {
  const t = texts.value.list
  const [title, hint] = {
    queue: [t.emptyQueue, t.emptyQueueHint],
    mine: [t.emptyMine, t.emptyMineHint],
    all: [t.emptyAll, t.emptyAllHint],
    closed: [t.emptyClosed, t.emptyClosedHint],
  }[view]
  return (
    <div class={styles.empty}>
      <p>{title}</p>
      <p>{hint}</p>
    </div>
  )
}
