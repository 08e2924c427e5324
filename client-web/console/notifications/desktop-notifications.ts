// Desktop notifications: asked for only when somebody presses the button for it, and shown without a sound of their own.

import { signal } from '@preact/signals'

/** Missing on plain http outside this machine, and on some phones. */
const isAvailable = 'Notification' in globalThis && isSecureContext

export const permission = signal<NotificationPermission | 'unavailable'>(
  isAvailable ? Notification.permission : 'unavailable',
)

/** To be called from a click. */
export async function requestPermission(): Promise<void> {
  if (isAvailable) permission.value = await Notification.requestPermission()
}

interface DesktopNotification {
  title: string
  body: string
  /** A later one with the same tag takes the place of the one before it. */
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
    // Chrome on Android knows the class and refuses to make one.
    permission.value = 'unavailable'
  }
}
