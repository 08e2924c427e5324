// The switch of the one sound. Turning it on plays it, so that one knows what to listen for.

import { playSound } from '../notifications/sound.ts'
import { sound } from '../preferences.ts'
import { texts } from '../texts.ts'
import { Switch } from './switch.tsx'

export function SoundSwitch() {
  return (
    <Switch
      label={texts.value.notifications.sound}
      checked={sound.value === 'on'}
      onChange={(isOn) => {
        sound.value = isOn ? 'on' : 'off'
        void playSound()
      }}
    />
  )
}
