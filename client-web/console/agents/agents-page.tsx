// Admin page: add, edit, disable and enable agents.

import { useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { Button } from '../../shared/ui/button.tsx'
import { PlusIcon } from '../../shared/ui/icons.tsx'
import { ListStatus } from '../layout/list-status.tsx'
import { PageShell } from '../layout/page-shell.tsx'
import { usePageTitle } from '../notifications/page-title.ts'
import { texts } from '../texts.ts'
import { useRows } from '../use-rows.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { AgentDialog } from './agent-dialog.tsx'
import { AgentsTable } from './agents-table.tsx'

export function AgentsPage() {
  const { team } = useWorkspace()
  const { rows, error, reload, upsert } = useRows<User>('/users', 'users')
  const [edited, setEdited] = useState<User | 'new' | null>(null)
  const t = texts.value.agents
  usePageTitle(t.title)

  function onSaved(user: User): void {
    upsert(user)
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
        <ListStatus error={error} reload={reload} />
      ) : (
        <AgentsTable users={rows} onEdit={setEdited} onChanged={onSaved} />
      )}
      {edited !== null && (
        <AgentDialog user={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onSaved={onSaved} />
      )}
    </PageShell>
  )
}
