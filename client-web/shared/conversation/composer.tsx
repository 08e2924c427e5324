// Where one writes. Enter sends, Shift+Enter begins a line, and nothing is sent while an input method is composing.

import type { RefObject } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { limits } from '#protocol/limits.ts'
import { SendIcon } from '../ui/icons.tsx'
import styles from './composer.module.css'
import { texts } from './texts.ts'

interface ComposerProps {
  /** Names the field for screen readers. */
  label: string
  placeholder: string
  text: string
  onText: (text: string) => void
  /** Gets the text as it was written; it is neither blank nor too long. */
  onSend: (text: string) => void
  fieldRef?: RefObject<HTMLTextAreaElement | null>
}

/** The count shows when this few characters are left. */
const countFrom = 200

export function Composer({ label, placeholder, text, onText, onSend, fieldRef }: ComposerProps) {
  const ownRef = useRef<HTMLTextAreaElement>(null)
  const field = fieldRef ?? ownRef
  const countId = useId()
  // Code points, as the server counts; only worth counting when it could matter.
  const length = text.length > limits.contentLength - countFrom ? [...text].length : text.length
  const left = limits.contentLength - length
  const isSendable = text.trim() !== '' && left >= 0

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
      <div class={styles.box}>
        <textarea
          ref={field}
          rows={1}
          value={text}
          placeholder={placeholder}
          aria-label={label}
          aria-describedby={left < countFrom ? countId : undefined}
          aria-invalid={left < 0 || undefined}
          enterkeyhint="send"
          autoComplete="off"
          onInput={(event) => onText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
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
