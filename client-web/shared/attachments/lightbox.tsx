// Full-window view of an image and of the others in the
// conversation. Arrow keys move, Escape closes and restores focus.

import { useEffect, useRef } from 'preact/hooks'
import type { Attachment } from '#protocol/entities.ts'
import { inSentence } from '#protocol/visible-text.ts'
import type { TimelineItem } from '../timeline/items.ts'
import { IconButton } from '../ui/button.tsx'
import { BackIcon, CloseIcon, DownloadIcon, NextIcon } from '../ui/icons.tsx'
import { Spinner } from '../ui/loading.tsx'
import styles from './lightbox.module.css'
import type { MediaContext } from './media-context.ts'
import { save } from './save.ts'
import { texts } from './texts.ts'
import { useBlobUrl } from './use-blob-url.ts'

export interface LightboxProps {
  items: readonly TimelineItem[]
  /** Older messages are not loaded: nobody knows how many images there are. */
  hasOlder: boolean
  media: MediaContext
}

export function Lightbox({ items, hasOlder, media }: LightboxProps) {
  const { enlarged } = media
  const images = items.map(({ attachment }) => attachment).filter(isImage)
  const index = images.findIndex(({ id }) => id === enlarged.value)
  const image = images[index]
  return image ? (
    <EnlargedImage
      image={image}
      index={index}
      count={images.length}
      isComplete={!hasOlder}
      media={media}
      move={(by) => {
        enlarged.value = images[index + by]?.id ?? enlarged.value
      }}
    />
  ) : null
}

const isImage = (attachment: TimelineItem['attachment']): attachment is Attachment =>
  attachment !== null && attachment.id !== null && attachment.width !== undefined

interface EnlargedImageProps {
  image: Attachment
  index: number
  count: number
  isComplete: boolean
  media: MediaContext
  move: (by: 1 | -1) => void
}

function EnlargedImage({ image, index, count, isComplete, media, move }: EnlargedImageProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const { id, name } = image
  const { url, hasFailed, retry } = useBlobUrl(id, () => media.files.load(id, 'whole'))
  const t = texts.value
  const title = isComplete ? t.image(inSentence(name), index + 1, count) : inSentence(name)

  useEffect(() => {
    const previousFocus = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (previousFocus instanceof HTMLElement && previousFocus.isConnected) previousFocus.focus()
    }
  }, [])

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'ArrowLeft' && index > 0) move(-1)
    else if (event.key === 'ArrowRight' && index < count - 1) move(1)
    // Escape must close only the lightbox.
    else if (event.key !== 'Escape') return
    event.stopPropagation()
  }

  return (
    <dialog
      ref={dialog}
      class={styles.lightbox}
      aria-label={title}
      onKeyDown={onKeyDown}
      onClose={() => {
        media.enlarged.value = null
      }}
    >
      <header class={styles.bar}>
        <p class={styles.title} aria-live="polite">
          <bdi>{title}</bdi>
        </p>
        <IconButton
          label={t.download}
          icon={<DownloadIcon />}
          onClick={async () => save(await media.files.load(id, 'whole'), name)}
        />
        <IconButton label={t.close} icon={<CloseIcon />} onClick={() => dialog.current?.close()} />
      </header>
      <div class={styles.viewport}>
        {url && <img class={styles.image} src={url} alt={inSentence(name)} />}
        {!url && !hasFailed && <Spinner size={32} />}
        {hasFailed && (
          <p class={styles.failed}>
            {t.unreadable}{' '}
            <button type="button" onClick={retry}>
              {t.tryAgain}
            </button>
          </p>
        )}
        {index > 0 && (
          <span class={styles.previous}>
            <IconButton label={t.previous} icon={<BackIcon />} onClick={() => move(-1)} />
          </span>
        )}
        {index < count - 1 && (
          <span class={styles.next}>
            <IconButton label={t.next} icon={<NextIcon />} onClick={() => move(1)} />
          </span>
        )}
      </div>
    </dialog>
  )
}
