// An attachment of a message: an image in its reserved box, or a file with
// name and size. During the upload it shows progress and a cancel button.

import { inSentence } from '#protocol/visible-text.ts'
import type { TimelineItem } from '../timeline/items.ts'
import { CloseIcon } from '../ui/icons.tsx'
import styles from './attachment-view.module.css'
import { FileCard } from './file-card.tsx'
import { ImageThumbnail } from './image-thumbnail.tsx'
import type { MediaContext } from './media-context.ts'
import { texts } from './texts.ts'

export interface AttachmentViewProps {
  item: TimelineItem
  media: MediaContext
  onRemove: (clientMessageId: string) => void
}

export function AttachmentView({ item, media, onRemove }: AttachmentViewProps) {
  const { attachment, clientMessageId } = item
  if (!attachment) return null
  const { width, height, name } = attachment
  const fraction = media.progress.value.get(clientMessageId)
  const isImage = width !== undefined && height !== undefined
  return (
    <div class={styles.attachment} data-kind={isImage ? 'image' : 'file'}>
      {isImage ? (
        <ImageThumbnail attachment={{ ...attachment, width, height }} media={media} />
      ) : (
        <FileCard attachment={attachment} files={media.files} />
      )}
      {item.status === 'sending' && attachment.id === null && (
        <div class={styles.progress}>
          <progress aria-label={texts.value.uploading(inSentence(name))} max={1} value={fraction ?? 0} />
          <button
            type="button"
            aria-label={`${texts.value.cancel}: ${inSentence(name)}`}
            title={texts.value.cancel}
            onClick={() => onRemove(clientMessageId)}
          >
            <CloseIcon size={14} />
          </button>
        </div>
      )}
    </div>
  )
}
