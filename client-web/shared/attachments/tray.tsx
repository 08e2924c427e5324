// The files to send, above the text field: preview, name, size, and a remove button.

import { inSentence, stripBidiControls } from '#protocol/visible-text.ts'
import { CloseIcon, FileIcon, WarningIcon } from '../ui/icons.tsx'
import type { FileSelection } from './file-selection.ts'
import { formatSize } from './size.ts'
import { texts } from './texts.ts'
import styles from './tray.module.css'
import { useBlobUrl } from './use-blob-url.ts'

export function Tray({ selection }: { selection: FileSelection }) {
  const t = texts.value
  return (
    <>
      {selection.files.value.length > 0 && (
        <ul class={styles.tray} aria-label={t.toSend} data-unsent>
          {selection.files.value.map((file) => (
            <li key={`${file.name} ${file.size} ${file.lastModified}`} class={styles.file}>
              {file.type.startsWith('image/') ? <Preview file={file} /> : <FileIcon size={28} />}
              <span class={styles.summary}>
                <bdi class={styles.name}>{stripBidiControls(file.name)}</bdi>
                <span class={styles.size}>{formatSize(file.size)}</span>
              </span>
              <button
                type="button"
                title={t.remove(inSentence(file.name))}
                aria-label={t.remove(inSentence(file.name))}
                onClick={() => selection.remove(file)}
              >
                <CloseIcon size={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div role="alert">
        {selection.rejected.value.map(({ name, reason }) => (
          <p key={name} class={styles.rejected}>
            <WarningIcon size={16} />
            <span>
              <bdi>{stripBidiControls(name)}</bdi> {t.reason[reason]}
            </span>
          </p>
        ))}
      </div>
    </>
  )
}

function Preview({ file }: { file: File }) {
  const { url } = useBlobUrl(file, async () => file)
  return <span class={styles.preview}>{url && <img src={url} alt="" />}</span>
}
