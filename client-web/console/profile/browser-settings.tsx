// Language, theme and notifications of this browser. The language is also saved with the user, for the next browser.

import type { Language } from '#protocol/entities.ts'
import { language, languages, setLanguage } from '../../shared/i18n/language.ts'
import { Button } from '../../shared/ui/button.tsx'
import { SelectField } from '../../shared/ui/field.tsx'
import { errorText } from '../error-text.ts'
import { SoundSwitch } from '../layout/sound-switch.tsx'
import { showToast } from '../layout/toast.tsx'
import { permission, requestPermission } from '../notifications/desktop-notifications.ts'
import { theme, themes } from '../preferences.ts'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import styles from './browser-settings.module.css'
import { Section } from './section.tsx'

function changeLanguage(value: Language): void {
  setLanguage(value)
  callAsUser('/me', { method: 'PATCH', body: { language: value } }).catch((error) => showToast(errorText(error)))
}

export function BrowserSettings() {
  const t = texts.value
  return (
    <Section title={t.profile.screen}>
      <SelectField
        label={t.profile.language}
        options={languages}
        value={language.value}
        onChange={(event) => changeLanguage(event.currentTarget.value as Language)}
      />
      <SelectField
        label={t.profile.theme}
        options={themes.map((value) => ({ value, label: t.profile.themes[value] }))}
        value={theme.value}
        onChange={(event) => {
          theme.value = themes.find((value) => value === event.currentTarget.value) ?? 'system'
        }}
      />
      <div class={styles.alerts}>
        <SoundSwitch />
        <Notifications />
      </div>
    </Section>
  )
}

function Notifications() {
  const t = texts.value.notifications
  const state = permission.value
  return (
    <div class={styles.line}>
      <span>
        {t.notifications}
        {(state === 'denied' || state === 'unavailable') && <small>{t[state]}</small>}
      </span>
      {state === 'default' && (
        <Button size="sm" onClick={() => void requestPermission()}>
          {t.turnOn}
        </Button>
      )}
      {state === 'granted' && <span>{t.granted}</span>}
    </div>
  )
}
