// The name that customers and colleagues see.

import { useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { Button } from '../../shared/ui/button.tsx'
import { TextField } from '../../shared/ui/field.tsx'
import { errorText } from '../error-text.ts'
import { showToast } from '../layout/toast.tsx'
import { callAsUser, session, setUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import { Section } from './section.tsx'

export function NameForm() {
  const own = session.value.phase === 'in' ? session.value.user.name : ''
  const [name, setName] = useState(own)
  const [isBusy, setIsBusy] = useState(false)
  const t = texts.value

  async function save(event: Event): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    setIsBusy(true)
    try {
      setUser(await callAsUser<User>('/me', { method: 'PATCH', body: { name: name.trim() } }))
      showToast(t.saved)
    } catch (error) {
      showToast(errorText(error))
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <Section title={t.profile.you}>
      <form onSubmit={save}>
        <TextField
          label={t.profile.name}
          hint={t.profile.nameHint}
          required
          autoComplete="name"
          maxLength={limits.nameLength}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" busy={isBusy}>
          {t.save}
        </Button>
      </form>
    </Section>
  )
}
