// Desktop notifications. Permission is requested only on a click, and they are silent: the console has its own sound.

import { signal } from '@preact/signals'

/** Unavailable on plain http (other than localhost) and on some phones. */
const isAvailable = 'Notification' in globalThis && isSecureContext

export const permission = signal<NotificationPermission | 'unavailable'>(
  isAvailable ? Notification.permission : 'unavailable',
)

/** Browsers require a click. */
export async function requestPermission(): Promise<void> {
  if (isAvailable) permission.value = await Notification.requestPermission()
}

interface DesktopNotification {
  title: string
  body: string
  /** A later notification with the same tag replaces the earlier one. */
  tag: string
  onClick: () => void
}

export function showDesktopNotification({ title, body, tag, onClick }: DesktopNotification): void {
  if (permission.value !== 'granted') return
  try {
    const notification = new Notification(title, { body: body.slice(0, 200), tag, silent: true })
    notification.onclick = () => {
      window.focus()
      notification.close()
      onClick()
    }
  } catch {
    // Chrome on Android has the class but throws on construction.
    permission.value = 'unavailable'
  }
}
