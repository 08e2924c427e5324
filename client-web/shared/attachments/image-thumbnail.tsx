// A picture in a list of messages: its thumbnail, from this page while it is on its way, and large when pressed.

import type { ItemAttachment } from '../timeline/items.ts'
import { RetryIcon } from '../ui/icons.tsx'
import styles from './attachment-view.module.css'
import { frameOf } from './image-box.ts'
import type { Scene } from './media-context.ts'
import { texts } from './texts.ts'
import { useBlobUrl } from './use-blob-url.ts'

interface PictureProps {
  attachment: ItemAttachment & { width: number; height: number }
  scene: Scene
}

export function Picture({ attachment, scene }: PictureProps) {
  const { id, name } = attachment
  const local = 'file' in attachment ? attachment.file : null
  const { url, hasFailed, retry } = useBlobUrl(local ?? id, async () =>
    local ? local : scene.files.load(id as number, 'thumbnail'),
  )
  const frame = frameOf(attachment)
  if (hasFailed) {
    return (
      <button type="button" class={styles.picture} style={frame} onClick={retry}>
        <RetryIcon />
        <span>{texts.value.unreadable}</span>
      </button>
    )
  }
  return (
    <button
      type="button"
      class={styles.picture}
      style={frame}
      aria-label={texts.value.open(name)}
      aria-disabled={id === null}
      onClick={() => {
        if (id !== null) scene.enlarged.value = id
      }}
    >
      {url && <img src={url} alt="" />}
    </button>
  )
}
