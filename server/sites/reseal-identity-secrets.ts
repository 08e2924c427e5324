// Seals identity secrets under the first JWT_SECRET, so that an older one can be removed from the list.

import { inTransaction } from '#db/core/transaction.ts'
import { lockAllIdentitySecrets, saveIdentitySecrets } from '#db/queries/identity-secrets.ts'
import type { App } from '../context.ts'
import { seal, unseal } from './sealed-secret.ts'

/**
 * Logs the sites whose secret no JWT_SECRET opens: identified customers are refused there until an admin creates a new
 * one.
 */
export async function resealIdentitySecrets(app: Pick<App, 'db' | 'log' | 'jwtSecrets'>): Promise<void> {
  const lost = await inTransaction(app.db, async (trx) => {
    const lost: number[] = []
    for (const { siteId, ...sealed } of await lockAllIdentitySecrets(trx)) {
      const reseal = (before: Buffer | null) => {
        const opened = before && unseal(app, siteId, before)
        return opened && !opened.isCurrent ? seal(app, siteId, opened.secret) : before
      }
      const { current, former } = { current: reseal(sealed.current), former: reseal(sealed.former) }
      if (current && !unseal(app, siteId, current)) lost.push(siteId)
      if (current !== sealed.current || former !== sealed.former)
        await saveIdentitySecrets(trx, { siteId, current, former }, { isNew: false })
    }
    return lost
  })
  if (lost.length > 0) app.log.warn({ sites: lost }, 'identity secrets cannot be opened, create new ones')
}
