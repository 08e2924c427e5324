// Whether the details are shown: a lasting choice where they have a pane of their own, a passing one where they cover the thread.

import { computed, signal } from '@preact/signals'
import { details } from '../preferences.ts'

const wideWindow = matchMedia('(width >= 1100px)')
const isWide = signal(wideWindow.matches)
export const isOverThread = signal(false)

wideWindow.addEventListener('change', ({ matches }) => {
  isWide.value = matches
  isOverThread.value = false
})

export const isDetailsShown = computed(() => (isWide.value ? details.value === 'on' : isOverThread.value))

export function showDetails(shown: boolean): void {
  if (isWide.value) details.value = shown ? 'on' : 'off'
  else isOverThread.value = shown
}

/** Another conversation is shown: nothing may lie over it. */
export function leaveOverlay(): void {
  isOverThread.value = false
}
