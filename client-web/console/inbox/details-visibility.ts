// Whether the details pane is visible. The choice is stored for wide windows; as an overlay it is temporary.

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

/** A newly selected conversation must not be covered. */
export function leaveOverlay(): void {
  isOverThread.value = false
}
