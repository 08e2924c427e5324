// The message field. Enter sends, Shift+Enter starts a new line, and
// nothing is sent during IME composition. Selected files are sent along.

import type { RefObject } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { limits } from '#protocol/limits/wire.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import type { FileSelection } from '../attachments/file-selection.ts'
import { lazy } from '../lazy.tsx'
import { ClipIcon, SendIcon } from '../ui/icons.tsx'
import styles from './composer.module.css'
import { texts } from './texts.ts'

interface ComposerProps {
  /** Accessible name of the field. */
  label: string
  placeholder: string
  text: string
  onText: (text: string) => void
  selection: FileSelection
  /** Receives the untrimmed text, within the length limit. It is blank only if there are files. */
  onSend: (text: string) => void
  fieldRef?: RefObject<HTMLTextAreaElement | null>
}

const Tray = lazy<{ selection: FileSelection }>(async () => (await import('../attachments/tray.tsx')).Tray)

const loadValidation = () => import('../attachments/validate-files.ts')

/** Show the countdown from this many characters left. */
const countdownStart = 200

export function Composer({ label, placeholder, text, onText, selection, onSend, fieldRef }: ComposerProps) {
  const ownRef = useRef<HTMLTextAreaElement>(null)
  const field = fieldRef ?? ownRef
  const countId = useId()
  // The server counts code points. Counting them matters only near the limit.
  const length = text.length > limits.contentLength - countdownStart ? [...text].length : text.length
  const left = limits.contentLength - length
  const hasFiles = selection.files.value.length > 0
  const isSendable = (hasVisibleCharacter(text) || hasFiles) && left >= 0
  const fileInput = useRef<HTMLInputElement>(null)

  useLayoutEffect(() => {
    const element = field.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + element.offsetHeight - element.clientHeight}px`
  }, [text])

  function send(): void {
    if (isSendable) onSend(text)
    field.current?.focus()
  }

  function onPaste(event: ClipboardEvent): void {
    const { files = [], types = [] } = event.clipboardData ?? {}
    // Spreadsheets add an image of the cells to the text.
    if (files.length === 0 || types.includes('text/plain')) return
    event.preventDefault()
    void selection.add(files)
  }

  async function chooseFiles(): Promise<void> {
    const input = fileInput.current
    if (!input) return
    input.accept = (await loadValidation()).accept
    input.click()
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Safari ends the composition before the key event arrives; that event has keyCode 229.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }

  return (
    <form
      class={styles.composer}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {(hasFiles || selection.rejected.value.length > 0) && <Tray selection={selection} />}
      <div class={styles.box}>
        <input
          ref={fileInput}
          type="file"
          multiple
          hidden
          tabIndex={-1}
          onChange={({ currentTarget }) => {
            void selection.add(currentTarget.files ?? [])
            currentTarget.value = ''
            field.current?.focus()
          }}
        />
        <button
          type="button"
          class={styles.attach}
          title={texts.value.attach}
          aria-label={texts.value.attach}
          // Preload on press: browsers open a file chooser only shortly after a user gesture.
          onPointerDown={loadValidation}
          onFocus={loadValidation}
          onClick={chooseFiles}
        >
          <ClipIcon />
        </button>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          placeholder={placeholder}
          aria-label={label}
          aria-describedby={left < countdownStart ? countId : undefined}
          aria-invalid={left < 0 || undefined}
          enterkeyhint="send"
          autoComplete="off"
          onInput={(event) => onText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <button
          type="submit"
          class={styles.send}
          title={texts.value.send}
          aria-label={texts.value.send}
          aria-disabled={!isSendable}
        >
          <SendIcon />
        </button>
      </div>
      {left < countdownStart && (
        <p id={countId} class={`${styles.count} ${left < 0 ? styles.over : ''}`}>
          {left < 0 ? texts.value.tooLong(-left) : texts.value.left(left)}
        </p>
      )}
    </form>
  )
}
