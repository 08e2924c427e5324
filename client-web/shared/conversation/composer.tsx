// The message field. Enter sends, Shift+Enter starts a new line, and
// nothing is sent during IME composition. Selected files are sent along.

import type { RefObject } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { limits } from '#protocol/limits/wire.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import type { FileSelection } from '../attachments/file-selection.ts'
import { Tray } from '../attachments/tray.tsx'
import { accept } from '../attachments/validate-files.ts'
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
    selection.add(files)
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
          accept={accept}
          tabIndex={-1}
          onChange={({ currentTarget }) => {
            selection.add(currentTarget.files ?? [])
            currentTarget.value = ''
            field.current?.focus()
          }}
        />
        <button
          type="button"
          class={styles.attach}
          title={texts.value.attach}
          aria-label={texts.value.attach}
          onClick={() => fileInput.current?.click()}
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
