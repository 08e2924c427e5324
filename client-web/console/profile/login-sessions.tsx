// The user's login sessions, each with a log-out button.

import { useState } from 'preact/hooks'
import type { LoginSession } from '#protocol/entities.ts'
import { formatShortDateTime } from '../../shared/i18n/formats.ts'
import { Button } from '../../shared/ui/button.tsx'
import { errorText } from '../error-text.ts'
import { ListStatus } from '../layout/list-status.tsx'
import { showToast } from '../layout/toast.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import { useRows } from '../use-rows.ts'
import { deviceOf } from './device.ts'
import styles from './login-sessions.module.css'
import { Section } from './section.tsx'

export function LoginSessions() {
  const { rows, error, reload } = useRows<LoginSession>('/me/sessions', 'sessions')
  const [busyId, setBusyId] = useState<number | 'all' | null>(null)
  const t = texts.value.profile

  /** Ends one session, or all but the current one. */
  async function end(id: number | 'all'): Promise<void> {
    setBusyId(id)
    try {
      await callAsUser(id === 'all' ? '/me/sessions' : `/me/sessions/${id}`, { method: 'DELETE' })
      showToast(t.loginsEnded)
    } catch (failure) {
      showToast(errorText(failure))
    }
    setBusyId(null)
    reload()
  }

  return (
    <Section title={t.logins}>
      {rows === null ? (
        <ListStatus error={error} reload={reload} />
      ) : (
        <ul class={styles.logins}>
          {rows.map(({ id, userAgent, lastSeen, isCurrent }) => {
            const device = deviceOf(userAgent) ?? t.unknownDevice
            return (
              <li key={id}>
                <span>
                  {device}
                  <small>
                    {isCurrent ? (
                      t.thisLogin
                    ) : (
                      <time dateTime={lastSeen}>{t.lastSeen(formatShortDateTime(lastSeen))}</time>
                    )}
                  </small>
                </span>
                {!isCurrent && (
                  <Button
                    size="sm"
                    busy={busyId === id}
                    aria-label={t.endLoginOf(device, formatShortDateTime(lastSeen))}
                    onClick={() => void end(id)}
                  >
                    {t.endLogin}
                  </Button>
                )}
              </li>
            )
          })}
        </ul>
      )}
      {(rows?.length ?? 0) > 1 && (
        <Button busy={busyId === 'all'} onClick={() => void end('all')}>
          {t.endOtherLogins}
        </Button>
      )}
    </Section>
  )
}
