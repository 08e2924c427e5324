// Asks before an agent is disabled, and says how many conversations return to the queue.

import { useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { hasReason } from '../../shared/connection/request-error.ts'
import { plainName } from '../../shared/person-name.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { FormDialog } from '../layout/form-dialog.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'

interface DisableDialogProps {
  user: User
  onClose: () => void
  onDisabled: (user: User) => void
}

export function DisableDialog({ user, onClose, onDisabled }: DisableDialogProps) {
  const { team } = useWorkspace()
  const [refusedFor, setRefusedFor] = useState(0)
  const listed = team.agents.value.find(({ id }) => id === user.id)?.openConversations ?? 0
  // The server's number after a refusal: the list may be behind.
  const inProgress = Math.max(refusedFor, listed)
  const t = texts.value.agents

  async function disable(): Promise<boolean | undefined> {
    // Nothing is released that the dialog did not announce.
    const body = { isDisabled: true, ...(inProgress > 0 && { release: true }) }
    try {
      onDisabled(await callAsUser<User>(`/users/${user.id}`, { method: 'PATCH', body }))
      return undefined
    } catch (error) {
      if (!hasReason(error, 'in_progress')) throw error
      setRefusedFor(Number(error.details.inProgress))
      return false
    }
  }

  return (
    <FormDialog title={t.disableTitle(plainName(user))} submitLabel={t.disable} onClose={onClose} onSubmit={disable}>
      {inProgress > 0 && <Banner tone="warning">{t.inProgress(plainName(user), inProgress)}</Banner>}
      <p>{t.disableHint}</p>
    </FormDialog>
  )
}
