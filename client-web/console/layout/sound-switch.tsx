// Switches the notification sound. Turning it on plays the sound once.

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
