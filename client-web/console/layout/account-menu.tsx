// The account menu: own status, sound, profile, log out.

import { useId, useRef } from 'preact/hooks'
import type { AgentStatusValue } from '#protocol/entities.ts'
import { personName, plainName } from '../../shared/person-name.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { LogoutIcon, PersonIcon } from '../../shared/ui/icons.tsx'
import { StatusDot } from '../../shared/ui/status-dot.tsx'
import { errorText } from '../error-text.ts'
import { paths } from '../router.ts'
import { logOut, session } from '../session/session.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './account-menu.module.css'
import { SoundSwitch } from './sound-switch.tsx'
import { showToast } from './toast.tsx'

const statuses: readonly AgentStatusValue[] = ['online', 'busy', 'offline']

export function AccountMenu() {
  const { team, agentId } = useWorkspace()
  const id = useId()
  const panel = useRef<HTMLDivElement>(null)
  const t = texts.value
  if (session.value.phase !== 'in') return null
  const { user } = session.value
  const status = team.agents.value.find((agent) => agent.id === agentId)?.status ?? 'offline'

  function choose(next: AgentStatusValue): void {
    team.setStatus(next).catch((error) => showToast(errorText(error)))
  }

  return (
    <>
      <button
        type="button"
        class={styles.button}
        popovertarget={id}
        aria-label={t.nav.account(plainName(user), t.status[status])}
      >
        <Avatar id={user.id} name={user.name} />
        <span class={styles.dot}>
          <StatusDot status={status} />
        </span>
      </button>
      <div ref={panel} id={id} popover="auto" class={styles.panel}>
        <p class={styles.identity}>
          <Avatar id={user.id} name={user.name} />
          <span>
            <strong>
              <bdi>{personName(user)}</bdi>
            </strong>
            <small>
              <bdi>@{user.username}</bdi>
            </small>
          </span>
        </p>
        <fieldset class={styles.statuses}>
          <legend class="visually-hidden">{t.status.label}</legend>
          {statuses.map((value) => (
            <label key={value} class={styles.choice}>
              <input
                type="radio"
                name="status"
                value={value}
                checked={value === status}
                onChange={() => choose(value)}
              />
              <StatusDot status={value} />
              {t.status[value]}
            </label>
          ))}
        </fieldset>
        <SoundSwitch />
        <div class={styles.menu}>
          <a class={styles.menuItem} href={paths.profile} onClick={() => panel.current?.hidePopover()}>
            <PersonIcon size={18} /> {t.nav.profile}
          </a>
          <Button variant="quiet" icon={<LogoutIcon size={18} />} onClick={() => void logOut()}>
            {t.nav.logOut}
          </Button>
        </div>
      </div>
    </>
  )
}
