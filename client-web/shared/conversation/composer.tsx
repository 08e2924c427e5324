// Where one writes. Enter sends, Shift+Enter begins a line, and nothing is sent while an input method is composing. Files that were chosen,
// pasted or dropped go along.

import type { RefObject } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { limits } from '#protocol/limits.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import type { Picking } from '../attachments/picking.ts'
import { lazy } from '../lazy.tsx'
import { ClipIcon, SendIcon } from '../ui/icons.tsx'
import styles from './composer.module.css'
import { texts } from './texts.ts'

interface ComposerProps {
  /** Names the field for screen readers. */
  label: string
  placeholder: string
  text: string
  onText: (text: string) => void
  picking: Picking
  /** Gets the text as it was written, not too long; it is blank only where there are files. */
  onSend: (text: string) => void
  fieldRef?: RefObject<HTMLTextAreaElement | null>
}

const Tray = lazy<{ picking: Picking }>(async () => (await import('../attachments/tray.tsx')).Tray)

const loadLookOver = () => import('../attachments/look-over.ts')

/** The count shows when this few characters are left. */
const countFrom = 200

export function Composer({ label, placeholder, text, onText, picking, onSend, fieldRef }: ComposerProps) {
  const ownRef = useRef<HTMLTextAreaElement>(null)
  const field = fieldRef ?? ownRef
  const countId = useId()
  // Code points, as the server counts; only worth counting when it could matter.
  const length = text.length > limits.contentLength - countFrom ? [...text].length : text.length
  const left = limits.contentLength - length
  const hasFiles = picking.files.value.length > 0
  const isSendable = (hasVisibleCharacter(text) || hasFiles) && left >= 0
  const chooser = useRef<HTMLInputElement>(null)

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
    // Spreadsheets put a picture of the cells beside their words.
    if (files.length === 0 || types.includes('text/plain')) return
    event.preventDefault()
    void picking.add(files)
  }

  async function choose(): Promise<void> {
    const input = chooser.current
    if (!input) return
    input.accept = (await loadLookOver()).accept
    input.click()
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Safari ends the composition before the key that ended it arrives; that key says 229.
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
      {(hasFiles || picking.refused.value.length > 0) && <Tray picking={picking} />}
      <div class={styles.box}>
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          tabIndex={-1}
          onChange={({ currentTarget }) => {
            void picking.add(currentTarget.files ?? [])
            currentTarget.value = ''
            field.current?.focus()
          }}
        />
        <button
          type="button"
          class={styles.attach}
          title={texts.value.attach}
          aria-label={texts.value.attach}
          // What it needs is there by the time the finger is lifted: browsers open a chooser only for a moment after a press.
          onPointerDown={loadLookOver}
          onFocus={loadLookOver}
          onClick={choose}
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
          aria-describedby={left < countFrom ? countId : undefined}
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
      {left < countFrom && (
        <p id={countId} class={`${styles.count} ${left < 0 ? styles.over : ''}`}>
          {left < 0 ? texts.value.tooLong(-left) : texts.value.left(left)}
        </p>
      )}
    </form>
  )
}
