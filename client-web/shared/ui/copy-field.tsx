// A read-only line of code with a copy button.

import { useEffect, useRef, useState } from 'preact/hooks'
import { defineTexts } from '../i18n/texts.ts'
import { Button } from './button.tsx'
import styles from './copy-field.module.css'
import { CheckIcon, CopyIcon } from './icons.tsx'

const texts = defineTexts({
  en: { copy: 'Copy', copied: 'Copied', select: 'Press Ctrl+C or ⌘C' },
  'zh-CN': { copy: '复制', copied: '已复制', select: '请按 Ctrl+C 或 ⌘C' },
})

type Outcome = 'none' | 'copied' | 'selected'

/** `label` is the accessible name. */
export function CopyField({ text, label }: { text: string; label: string }) {
  const code = useRef<HTMLInputElement>(null)
  const [outcome, setOutcome] = useState<Outcome>('none')

  useEffect(() => {
    if (outcome === 'none') return
    const timer = setTimeout(() => setOutcome('none'), 3_000)
    return () => clearTimeout(timer)
  }, [outcome])

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setOutcome('copied')
    } catch {
      // No clipboard on plain http: select the text for the keyboard shortcut.
      code.current?.select()
      setOutcome('selected')
    }
  }

  const t = texts.value
  return (
    <div class={styles.field}>
      <input ref={code} readOnly value={text} aria-label={label} onFocus={(event) => event.currentTarget.select()} />
      <Button
        size="sm"
        icon={outcome === 'copied' ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
        onClick={() => void copy()}
      >
        <span role="status">{outcome === 'copied' ? t.copied : outcome === 'selected' ? t.select : t.copy}</span>
      </Button>
    </div>
  )
}
