// Confirms a new identity secret and asks whether the current one ends immediately.

import { useState } from 'preact/hooks'
import { FormDialog } from '../layout/form-dialog.tsx'
import { Switch } from '../layout/switch.tsx'
import { texts } from '../texts.ts'

interface RenewSecretDialogProps {
  onClose: () => void
  onRenew: (endFormer: boolean) => Promise<void>
}

export function RenewSecretDialog({ onClose, onRenew }: RenewSecretDialogProps) {
  const [endFormer, setEndFormer] = useState(false)
  const t = texts.value.sites.identity

  async function renewSecret(): Promise<undefined> {
    await onRenew(endFormer)
    return undefined
  }

  return (
    <FormDialog title={t.renewSecret} submitLabel={t.renewSecret} onClose={onClose} onSubmit={renewSecret}>
      <p>{endFormer ? t.leakedHint : t.renewHint}</p>
      <Switch label={t.leaked} checked={endFormer} onChange={setEndFormer} />
    </FormDialog>
  )
}
