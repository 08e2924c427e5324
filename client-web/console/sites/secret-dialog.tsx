// Shows a new identity secret, once, with example code for the shop's server and page.

import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { CopyField } from '../../shared/ui/copy-field.tsx'
import { Dialog } from '../../shared/ui/dialog.tsx'
import { texts } from '../texts.ts'
import styles from './secret-dialog.module.css'

interface SecretDialogProps {
  secret: string
  siteKey: string
  onClose: () => void
}

export function SecretDialog({ secret, siteKey, onClose }: SecretDialogProps) {
  const t = texts.value.sites.identity
  const signing = `jwt.sign({ sub: String(user.id), name: user.name, email: user.email }, secret, { audience: '${siteKey}', expiresIn: '5m' })`
  const page = `Kefu('identify', { identity: () => fetch('/kefu-identity').then((answer) => answer.text()) })`
  return (
    <Dialog
      title={t.secretTitle}
      closeLabel={texts.value.close}
      onClose={onClose}
      actions={
        <Button variant="primary" onClick={onClose}>
          {t.done}
        </Button>
      }
    >
      <div class={styles.steps}>
        <Banner tone="warning">{t.once}</Banner>
        <CopyField text={secret} label={t.secret} />
        <p>{t.onServer}</p>
        <CopyField text={signing} label={t.signing} />
        <p>{t.onPage}</p>
        <CopyField text={page} label={t.page} />
      </div>
    </Dialog>
  )
}
