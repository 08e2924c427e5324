// Dialog to add or edit an agent's account.

import { useState } from 'preact/hooks'
import type { AgentRole, User } from '#protocol/entities.ts'
import type { NewUserBody, UserBody } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { plainName } from '../../shared/person-name.ts'
import { SelectField, TextField } from '../../shared/ui/field.tsx'
import { FormDialog } from '../layout/form-dialog.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'

interface AgentDialogProps {
  /** null to add one. */
  user: User | null
  onClose: () => void
  onSaved: (user: User) => void
}

export function AgentDialog({ user, onClose, onSaved }: AgentDialogProps) {
  const [name, setName] = useState(user?.name ?? '')
  const [username, setUsername] = useState(user?.username ?? '')
  const [password, setPassword] = useState('')
  const [email, setEmail] = useState(user?.email ?? '')
  const [role, setRole] = useState<AgentRole>(user?.role ?? 'agent')
  const t = texts.value.agents

  async function save(): Promise<undefined> {
    const common = { name: name.trim(), role, email: email.trim() || null }
    if (user) {
      const body: UserBody = { ...common, ...(password && { password }) }
      onSaved(await callAsUser<User>(`/users/${user.id}`, { method: 'PATCH', body }))
    } else {
      const body: NewUserBody = { ...common, username: username.trim(), password }
      onSaved(await callAsUser<User>('/users', { body }))
    }
  }

  return (
    <FormDialog
      title={user ? t.editTitle(plainName(user)) : t.addTitle}
      submitLabel={user ? texts.value.save : t.add}
      onClose={onClose}
      onSubmit={save}
      explain={(error) => (error instanceof RequestError && error.code === 'conflict' && !user ? t.taken : undefined)}
    >
      <TextField
        label={t.name}
        hint={t.nameHint}
        required
        maxLength={limits.nameLength}
        autoComplete="off"
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      {!user && (
        <TextField
          label={t.username}
          required
          maxLength={limits.usernameLength}
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          pattern="\S+"
          value={username}
          onInput={(event) => setUsername(event.currentTarget.value)}
        />
      )}
      <TextField
        label={user ? t.newPassword : t.password}
        hint={user ? t.newPasswordHint : t.passwordHint(limits.passwordMinLength)}
        type="password"
        required={!user}
        minLength={limits.passwordMinLength}
        maxLength={limits.passwordMaxLength}
        autoComplete="new-password"
        value={password}
        onInput={(event) => setPassword(event.currentTarget.value)}
      />
      <TextField
        label={t.email}
        hint={t.emailHint}
        type="email"
        maxLength={limits.emailLength}
        autoComplete="off"
        value={email}
        onInput={(event) => setEmail(event.currentTarget.value)}
      />
      <SelectField
        label={t.role}
        options={(['agent', 'admin'] as const).map((value) => ({ value, label: t.roles[value] }))}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as AgentRole)}
      />
    </FormDialog>
  )
}
