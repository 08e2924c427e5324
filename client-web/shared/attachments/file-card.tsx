// A file in a message list: name and size. A click downloads it.

import { useState } from 'preact/hooks'
import { stripBidiControls } from '#protocol/visible-text.ts'
import type { ItemAttachment } from '../timeline/items.ts'
import { DownloadIcon, FileIcon } from '../ui/icons.tsx'
import { Spinner } from '../ui/loading.tsx'
import styles from './attachment-view.module.css'
import type { Files } from './files.ts'
import { save } from './save.ts'
import { formatSize } from './size.ts'
import { texts } from './texts.ts'

export function FileCard({ attachment, files }: { attachment: ItemAttachment; files: Files }) {
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  const { id, name, size } = attachment

  async function download(): Promise<void> {
    if (id === null || state === 'busy') return
    setState('busy')
    try {
      save(await files.load(id, 'whole'), name)
      setState('idle')
    } catch {
      setState('failed')
    }
  }

  return (
    <button type="button" class={styles.file} aria-disabled={id === null || state === 'busy'} onClick={download}>
      <FileIcon size={24} />
      <span class="visually-hidden">{texts.value.download}</span>
      <span class={styles.summary}>
        <bdi class={styles.name}>{stripBidiControls(name)}</bdi>
        <span class={styles.size} aria-live="polite">
          {state === 'failed' ? texts.value.unreadable : formatSize(size)}
        </span>
      </span>
      {state === 'busy' ? <Spinner size={18} /> : id !== null && <DownloadIcon size={18} />}
    </button>
  )
}
