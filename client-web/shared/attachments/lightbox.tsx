// A picture as large as the window, and the others of the conversation before and behind it. Arrows turn, Escape closes and gives focus back.

import { useEffect, useRef } from 'preact/hooks'
import type { Attachment } from '#protocol/entities.ts'
import type { TimelineItem } from '../timeline/items.ts'
import { IconButton } from '../ui/button.tsx'
import { BackIcon, CloseIcon, DownloadIcon, NextIcon } from '../ui/icons.tsx'
import { Spinner } from '../ui/loading.tsx'
import styles from './lightbox.module.css'
import type { Scene } from './media-context.ts'
import { save } from './save.ts'
import { texts } from './texts.ts'
import { useBlobUrl } from './use-blob-url.ts'

export interface LightboxProps {
  items: readonly TimelineItem[]
  scene: Scene
}

export function Lightbox({ items, scene }: LightboxProps) {
  const { enlarged } = scene
  const pictures = items.map(({ attachment }) => attachment).filter(isPicture)
  const at = pictures.findIndex(({ id }) => id === enlarged.value)
  const picture = pictures[at]
  return picture ? (
    <Enlarged
      picture={picture}
      at={at}
      count={pictures.length}
      scene={scene}
      turn={(by) => {
        enlarged.value = pictures[at + by]?.id ?? enlarged.value
      }}
    />
  ) : null
}

const isPicture = (attachment: TimelineItem['attachment']): attachment is Attachment =>
  attachment !== null && attachment.id !== null && attachment.width !== undefined

interface EnlargedProps {
  picture: Attachment
  at: number
  count: number
  scene: Scene
  turn: (by: 1 | -1) => void
}

function Enlarged({ picture, at, count, scene, turn }: EnlargedProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const { id, name } = picture
  const { url, hasFailed, retry } = useBlobUrl(id, () => scene.files.load(id, 'whole'))
  const t = texts.value
  const title = t.picture(name, at + 1, count)

  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'ArrowLeft' && at > 0) turn(-1)
    else if (event.key === 'ArrowRight' && at < count - 1) turn(1)
    // It closes the picture, and nothing around it.
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
        scene.enlarged.value = null
      }}
    >
      <header class={styles.bar}>
        <p class={styles.title} aria-live="polite">
          <bdi>{title}</bdi>
        </p>
        <IconButton
          label={t.download}
          icon={<DownloadIcon />}
          onClick={async () => save(await scene.files.load(id, 'whole'), name)}
        />
        <IconButton label={t.close} icon={<CloseIcon />} onClick={() => dialog.current?.close()} />
      </header>
      <div class={styles.stage}>
        {url && <img class={styles.picture} src={url} alt={name} />}
        {!url && !hasFailed && <Spinner size={32} />}
        {hasFailed && (
          <p class={styles.failed}>
            {t.unreadable}{' '}
            <button type="button" onClick={retry}>
              {t.tryAgain}
            </button>
          </p>
        )}
        {at > 0 && (
          <span class={styles.previous}>
            <IconButton label={t.previous} icon={<BackIcon />} onClick={() => turn(-1)} />
          </span>
        )}
        {at < count - 1 && (
          <span class={styles.next}>
            <IconButton label={t.next} icon={<NextIcon />} onClick={() => turn(1)} />
          </span>
        )}
      </div>
    </dialog>
  )
}
