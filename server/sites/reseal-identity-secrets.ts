// After JWT_SECRET got a new first secret, everything sealed under an older one is sealed under it, so that the older one can go.

import { inTransaction } from '#db/core/transaction.ts'
import { lockAllIdentitySecrets, saveIdentitySecrets } from '#db/queries/identity-secrets.ts'
import type { App } from '../context.ts'
import { seal, unseal } from './sealed-secret.ts'

/** Says in the log which sites' secrets no JWT_SECRET opens any more: known customers are refused there until an admin makes a new one. */
export async function resealIdentitySecrets(app: Pick<App, 'db' | 'log' | 'jwtSecrets'>): Promise<void> {
  const lost = await inTransaction(app.db, async (trx) => {
    const lost: number[] = []
    for (const { siteId, ...sealed } of await lockAllIdentitySecrets(trx)) {
      const anew = (before: Buffer | null) => {
        const opened = before && unseal(app, siteId, before)
        return opened && !opened.isCurrent ? seal(app, siteId, opened.secret) : before
      }
      const { current, former } = { current: anew(sealed.current), former: anew(sealed.former) }
      if (current && !unseal(app, siteId, current)) lost.push(siteId)
      if (current !== sealed.current || former !== sealed.former)
        await saveIdentitySecrets(trx, { siteId, current, former }, { isNew: false })
    }
    return lost
  })
  if (lost.length > 0) app.log.warn({ sites: lost }, 'no JWT_SECRET opens these identity secrets: make new ones')
}
