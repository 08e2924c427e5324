// A picture or file of a message: the picture itself, at its place before it has come; of a file its name and size. On its way it shows how
// far it is and can be called back.

import type { TimelineItem } from '../timeline/items.ts'
import { CloseIcon } from '../ui/icons.tsx'
import styles from './attachment-view.module.css'
import { FileCard } from './file-card.tsx'
import { Picture } from './image-thumbnail.tsx'
import type { Scene } from './media-context.ts'
import { texts } from './texts.ts'

export interface AttachmentViewProps {
  item: TimelineItem
  scene: Scene
  onRemove: (clientMessageId: string) => void
}

export function AttachmentView({ item, scene, onRemove }: AttachmentViewProps) {
  const { attachment, clientMessageId } = item
  if (!attachment) return null
  const { width, height, name } = attachment
  const part = scene.progress.value.get(clientMessageId)
  const isPicture = width !== undefined && height !== undefined
  return (
    <div class={styles.attachment} data-kind={isPicture ? 'picture' : 'file'}>
      {isPicture ? (
        <Picture attachment={{ ...attachment, width, height }} scene={scene} />
      ) : (
        <FileCard attachment={attachment} files={scene.files} />
      )}
      {item.status === 'sending' && attachment.id === null && (
        <div class={styles.progress}>
          <progress aria-label={texts.value.uploading(name)} max={1} value={part ?? 0} />
          <button
            type="button"
            aria-label={`${texts.value.cancel}: ${name}`}
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
