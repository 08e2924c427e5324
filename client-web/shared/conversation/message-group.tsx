// A group of messages by one sender, with time and delivery status, in words as well as icons.

import type { AttachmentViewProps } from '../attachments/attachment-view.tsx'
import { imageBox } from '../attachments/image-box.ts'
import type { MediaContext } from '../attachments/media-context.ts'
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
  /** On the reader's side: their own messages and those of colleagues. */
  isOurs: boolean
  /** Shows the sender's name. An agent's screen needs no name for its only customer. */
  isNamed: boolean
  media: MediaContext
  onRetry: (clientMessageId: string) => void
  onRemove: (clientMessageId: string) => void
}

const AttachmentView = lazy<AttachmentViewProps>(
  async () => (await import('../attachments/attachment-view.tsx')).AttachmentView,
  AttachmentPlaceholder,
)

export function MessageGroup({ items, isOurs, isNamed, media, onRetry, onRemove }: MessageGroupProps) {
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
          class={`${styles.bubble} ${item.attachment ? styles.withAttachment : ''}`}
          title={formatDateTime(item.createdAt)}
          data-status={item.status}
        >
          <span class="visually-hidden">
            <bdi>{name}</bdi>
          </span>
          {item.attachment && <AttachmentView item={item} media={media} onRemove={onRemove} />}
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

/** Reserves the size of an image, so that nothing moves when it loads. Shows the name until the code is loaded. */
function AttachmentPlaceholder({ item: { attachment } }: AttachmentViewProps) {
  if (!attachment) return null
  const { name, width, height } = attachment
  return (
    <div class={styles.placeholder} style={width && height ? imageBox({ width, height }) : {}}>
      <bdi>{name}</bdi>
    </div>
  )
}

const statusIcons = { sending: ClockIcon, sent: CheckIcon, read: DoubleCheckIcon }

function Status({ status }: { status: keyof typeof statusIcons }) {
  const Icon = statusIcons[status]
  return (
    <span class={styles.status}>
      <Icon size={13} /> {texts.value[status]}
    </span>
  )
}

function Failure({
  item,
  onRetry,
  onRemove,
}: Pick<MessageGroupProps, 'onRetry' | 'onRemove'> & { item: TimelineItem }) {
  const { notSent, retry, remove } = texts.value
  const messageRejected = item.attachment ? texts.value.fileRejected : texts.value.messageRejected
  const reason = messageRejected[item.failure as keyof typeof messageRejected] ?? messageRejected.other
  return (
    <p class={`${styles.meta} ${styles.failure}`}>
      <WarningIcon size={14} />
      <span>{notSent(reason)}</span>
      <button type="button" onClick={() => onRetry(item.clientMessageId)}>
        {retry}
      </button>
      <button type="button" onClick={() => onRemove(item.clientMessageId)}>
        {remove}
      </button>
    </p>
  )
}
