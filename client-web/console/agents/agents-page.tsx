// Admins manage who answers here: add, edit, disable, enable.

import { useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { Button } from '../../shared/ui/button.tsx'
import { PlusIcon } from '../../shared/ui/icons.tsx'
import { RowsState } from '../layout/list-status.tsx'
import { PageShell } from '../layout/page-shell.tsx'
import { usePageTitle } from '../notifications/page-title.ts'
import { texts } from '../texts.ts'
import { useRows } from '../use-rows.ts'
import { useDesk } from '../workspace/workspace.ts'
import { AgentDialog } from './agent-dialog.tsx'
import { AgentsTable } from './agents-table.tsx'

export function AgentsPage() {
  const { team } = useDesk()
  const { rows, error, reload, put } = useRows<User>('/users', 'users')
  const [edited, setEdited] = useState<User | 'new' | null>(null)
  const t = texts.value.agents
  usePageTitle(t.title)

  function take(user: User): void {
    put(user)
    void team.refresh()
  }

  return (
    <PageShell
      title={t.title}
      intro={t.intro}
      action={
        <Button variant="primary" icon={<PlusIcon size={18} />} onClick={() => setEdited('new')}>
          {t.add}
        </Button>
      }
    >
      {rows === null ? (
        <RowsState error={error} reload={reload} />
      ) : (
        <AgentsTable users={rows} onEdit={setEdited} onChanged={take} />
      )}
      {edited !== null && (
        <AgentDialog user={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onSaved={take} />
      )}
    </PageShell>
  )
}
