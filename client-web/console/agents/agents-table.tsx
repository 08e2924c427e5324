// The agents of this installation, one per row.

import { useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { personName, plainName } from '../../shared/person-name.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { EditIcon } from '../../shared/ui/icons.tsx'
import { errorText } from '../error-text.ts'
import { showToast } from '../layout/toast.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './agents-table.module.css'
import { DisableDialog } from './disable-dialog.tsx'

interface AgentsTableProps {
  users: User[]
  onEdit: (user: User) => void
  onChanged: (user: User) => void
}

export function AgentsTable({ users, onEdit, onChanged }: AgentsTableProps) {
  const { agentId } = useWorkspace()
  const [disabling, setDisabling] = useState<User | null>(null)
  const t = texts.value.agents

  async function enable(user: User): Promise<void> {
    try {
      onChanged(await callAsUser<User>(`/users/${user.id}`, { method: 'PATCH', body: { isDisabled: false } }))
    } catch (error) {
      showToast(errorText(error))
    }
  }

  return (
    <div class={styles.frame}>
      <table class={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.email}</th>
            <th scope="col">{t.role}</th>
            <th scope="col">{t.state}</th>
            <th scope="col">
              <span class="visually-hidden">{t.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.id}>
              <th scope="row">
                <span class={styles.person}>
                  <Avatar id={user.id} name={user.name} />
                  <span>
                    <span>
                      <bdi>{personName(user)}</bdi>
                      {user.id === agentId && ` (${t.isYou})`}
                    </span>
                    <small>
                      <bdi>@{user.username}</bdi>
                    </small>
                  </span>
                </span>
              </th>
              <td>{user.email && <bdi>{user.email}</bdi>}</td>
              <td>{t.roles[user.role]}</td>
              <td>
                <span class={user.isDisabled ? styles.disabled : undefined}>
                  {user.isDisabled ? t.disabled : t.active}
                </span>
              </td>
              <td class={styles.actions}>
                <Button
                  size="sm"
                  variant="quiet"
                  icon={<EditIcon size={16} />}
                  aria-label={t.editOne(plainName(user))}
                  onClick={() => onEdit(user)}
                >
                  {texts.value.edit}
                </Button>
                {user.id !== agentId &&
                  (user.isDisabled ? (
                    <Button
                      size="sm"
                      variant="quiet"
                      aria-label={t.enableOne(plainName(user))}
                      onClick={() => enable(user)}
                    >
                      {t.enable}
                    </Button>
                  ) : (
                    <Button
                      size="sm"
                      variant="quiet"
                      aria-label={t.disableOne(plainName(user))}
                      onClick={() => setDisabling(user)}
                    >
                      {t.disable}
                    </Button>
                  ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {disabling && <DisableDialog user={disabling} onClose={() => setDisabling(null)} onDisabled={onChanged} />}
    </div>
  )
}
