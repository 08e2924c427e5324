// Preferences of this browser: theme, sound, details pane. They are
// not stored with the user, since a desktop and a phone differ.

import { effect, type Signal, signal } from '@preact/signals'
import { openStorage } from '../shared/storage/storage.ts'

export const storage = openStorage('kefu:console:')

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

function persisted<const T extends string>(name: string, values: readonly T[], initial: T): Signal<T> {
  const stored = storage.get(name)
  const preference = signal(values.find((value) => value === stored) ?? initial)
  effect(() => storage.set(name, preference.value))
  return preference
}

const switchValues = ['on', 'off'] as const

export const theme = persisted('theme', themes, 'system')
export const sound = persisted('sound', switchValues, 'on')
export const details = persisted('details', switchValues, 'on')

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
})
