// The thumbnail of an image in a message list. During the upload it shows the local file; a click enlarges it.

import { inSentence } from '#protocol/visible-text.ts'
import type { ItemAttachment } from '../timeline/items.ts'
import { RetryIcon } from '../ui/icons.tsx'
import styles from './attachment-view.module.css'
import { imageBox } from './image-box.ts'
import type { MediaContext } from './media-context.ts'
import { texts } from './texts.ts'
import { useBlobUrl } from './use-blob-url.ts'

interface ImageThumbnailProps {
  attachment: ItemAttachment & { width: number; height: number }
  media: MediaContext
}

export function ImageThumbnail({ attachment, media }: ImageThumbnailProps) {
  const { id, name } = attachment
  const localFile = 'file' in attachment ? attachment.file : null
  const { url, hasFailed, retry } = useBlobUrl(localFile ?? id, async () =>
    localFile ? localFile : media.files.load(id as number, 'thumbnail'),
  )
  const box = imageBox(attachment)
  if (hasFailed) {
    return (
      <button type="button" class={styles.image} style={box} onClick={retry}>
        <RetryIcon />
        <span>{texts.value.unreadable}</span>
      </button>
    )
  }
  return (
    <button
      type="button"
      class={styles.image}
      style={box}
      aria-label={texts.value.open(inSentence(name))}
      aria-disabled={id === null}
      onClick={() => {
        if (id !== null) media.enlarged.value = id
      }}
    >
      {url && <img src={url} alt="" />}
    </button>
  )
}
