// A run of messages of one sender: who, what, when, and how far one's own have got, in words as well as in marks.

import type { AttachmentViewProps } from '../attachments/attachment-view.tsx'
import { frameOf } from '../attachments/frame.ts'
import type { Scene } from '../attachments/scene.ts'
import { formatDateTime, formatTime } from '../i18n/formats.ts'
import { lazy } from '../lazy.tsx'
import { personName } from '../person-name.ts'
import type { TimelineItem } from '../timeline/items.ts'
import { CheckIcon, ClockIcon, DoubleCheckIcon, WarningIcon } from '../ui/icons.tsx'
import styles from './message-list.module.css'
import { RichText } from './rich-text.tsx'
import { texts } from './texts.ts'

interface MessageGroupProps {
  items: TimelineItem[]
  /** Stands on the reader's side: its own messages and those of colleagues. */
  isOurs: boolean
  /** Who it is stands above it. An agent's screen needs no name for its one customer. */
  isNamed: boolean
  scene: Scene
  onRetry: (clientMessageId: string) => void
  onRemove: (clientMessageId: string) => void
}

const AttachmentView = lazy<AttachmentViewProps>(
  async () => (await import('../attachments/attachment-view.tsx')).AttachmentView,
  AttachmentRoom,
)

export function MessageGroup({ items, isOurs, isNamed, scene, onRetry, onRemove }: MessageGroupProps) {
  const last = items.at(-1) as TimelineItem
  const senderName = personName({ id: last.senderId, name: last.senderName })
  const name = last.isOwn ? texts.value.you : senderName
  return (
    <div class={`${styles.group} ${isOurs ? styles.ours : styles.theirs}`}>
      {isNamed && !last.isOwn && (
        <p class={styles.sender}>
          <bdi>{senderName}</bdi>
        </p>
      )}
      {items.map((item) => (
        <div
          key={item.key}
          class={`${styles.bubble} ${item.attachment ? styles.bearing : ''}`}
          title={formatDateTime(item.createdAt)}
          data-status={item.status}
        >
          <span class="visually-hidden">
            <bdi>{name}</bdi>
          </span>
          {item.attachment && <AttachmentView item={item} scene={scene} onRemove={onRemove} />}
          {item.content !== item.attachment?.name && (
            <p dir="auto">
              <RichText text={item.content} />
            </p>
          )}
        </div>
      ))}
      {last.status === 'failed' ? (
        <Failure item={last} onRetry={onRetry} onRemove={onRemove} />
      ) : (
        <p class={styles.meta}>
          <time dateTime={last.createdAt} title={formatDateTime(last.createdAt)}>
            {formatTime(last.createdAt)}
          </time>
          {last.isOwn && <Status status={last.status} />}
        </p>
      )}
    </div>
  )
}

/** What a picture will take, so that nothing moves when it comes; until then every attachment is its name. */
function AttachmentRoom({ item: { attachment } }: AttachmentViewProps) {
  if (!attachment) return null
  const { name, width, height } = attachment
  return (
    <div class={styles.room} style={width && height ? frameOf({ width, height }) : {}}>
      <bdi>{name}</bdi>
    </div>
  )
}

const marks = { sending: ClockIcon, sent: CheckIcon, read: DoubleCheckIcon }

function Status({ status }: { status: keyof typeof marks }) {
  const Mark = marks[status]
  return (
    <span class={styles.status}>
      <Mark size={13} /> {texts.value[status]}
    </span>
  )
}

function Failure({
  item,
  onRetry,
  onRemove,
}: Pick<MessageGroupProps, 'onRetry' | 'onRemove'> & { item: TimelineItem }) {
  const { notSent, retry, remove } = texts.value
  const refused = item.attachment ? texts.value.refusedFile : texts.value.refused
  const reason = refused[item.failure as keyof typeof refused] ?? refused.other
  return (
    <p class={`${styles.meta} ${styles.failure}`}>
      <WarningIcon size={14} />
      <span>
        {notSent}: {reason}
      </span>
      <button type="button" onClick={() => onRetry(item.clientMessageId)}>
        {retry}
      </button>
      <button type="button" onClick={() => onRemove(item.clientMessageId)}>
        {remove}
      </button>
    </p>
  )
}
