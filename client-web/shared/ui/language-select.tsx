// Selects the language of this browser. Each language is named in itself.

import { language, languages, setLanguage } from '../i18n/language.ts'
import styles from './language-select.module.css'

export function LanguageSelect({ label }: { label: string }) {
  return (
    <select
      class={styles.select}
      aria-label={label}
      value={language.value}
      onChange={(event) => {
        const chosen = languages.find(({ value }) => value === event.currentTarget.value)
        if (chosen) setLanguage(chosen.value)
      }}
    >
      {languages.map(({ value, label: name }) => (
        <option key={value} value={value} lang={value}>
          {name}
        </option>
      ))}
    </select>
  )
}
