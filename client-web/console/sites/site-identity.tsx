// Identity verification of a site: the signing secret, and whether unidentified customers may write.

import { useId, useState } from 'preact/hooks'
import type { Site } from '#protocol/entities.ts'
import type { IdentitySecretReply } from '#protocol/http.ts'
import { inSentence } from '#protocol/visible-text.ts'
import { formatDate } from '../../shared/i18n/formats.ts'
import { Button } from '../../shared/ui/button.tsx'
import { errorText } from '../error-text.ts'
import { Switch } from '../layout/switch.tsx'
import { showToast } from '../layout/toast.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import { RenewSecretDialog } from './renew-secret-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'
import styles from './site-identity.module.css'

interface SiteIdentityProps {
  site: Site
  onSaved: (site: Site) => void
}

export function SiteIdentity({ site, onSaved }: SiteIdentityProps) {
  const [isRenewing, setIsRenewing] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const heading = useId()
  const t = texts.value.sites.identity
  const { identitySecretMadeAt: createdAt } = site

  async function createSecret(endFormer: boolean): Promise<void> {
    const reply = await callAsUser<IdentitySecretReply>(`/sites/${site.id}/identity-secret`, { body: { endFormer } })
    onSaved(reply.site)
    setSecret(reply.secret)
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    setIsBusy(true)
    await work().catch((error: unknown) => showToast(errorText(error)))
    setIsBusy(false)
  }

  const setRequired = (requireIdentity: boolean) =>
    attempt(async () =>
      onSaved(await callAsUser<Site>(`/sites/${site.id}`, { method: 'PATCH', body: { requireIdentity } })),
    )

  return (
    <section class={styles.identity} aria-labelledby={heading}>
      <h3 id={heading}>{t.title}</h3>
      <p class={styles.hint}>{t.hint}</p>
      <div class={styles.line}>
        <span>{createdAt === null ? t.none : t.createdAt(formatDate(createdAt))}</span>
        <Button
          size="sm"
          busy={isBusy}
          aria-label={
            createdAt === null ? t.createSecretFor(inSentence(site.name)) : t.renewSecretFor(inSentence(site.name))
          }
          onClick={() => (createdAt === null ? void attempt(() => createSecret(false)) : setIsRenewing(true))}
        >
          {createdAt === null ? t.createSecret : t.renewSecret}
        </Button>
      </div>
      {createdAt !== null && (
        <Switch label={t.require} checked={site.requireIdentity} onChange={(isOn) => void setRequired(isOn)} />
      )}
      {isRenewing && <RenewSecretDialog onClose={() => setIsRenewing(false)} onRenew={createSecret} />}
      {secret !== null && <SecretDialog secret={secret} siteKey={site.key} onClose={() => setSecret(null)} />}
    </section>
  )
}
