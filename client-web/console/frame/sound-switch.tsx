// The switch of the one sound. Turning it on plays it, so that one knows what to listen for.

import { ring } from '../attention/sound.ts'
import { sound } from '../preferences.ts'
import { texts } from '../texts.ts'
import styles from './sound-switch.module.css'

export function SoundSwitch() {
  return (
    <label class={styles.switch}>
      {texts.value.attention.sound}
      <input
        type="checkbox"
        role="switch"
        checked={sound.value === 'on'}
        aria-checked={sound.value === 'on'}
        onChange={(event) => {
          sound.value = event.currentTarget.checked ? 'on' : 'off'
          void ring()
        }}
      />
    </label>
  )
}
