// Creates a site's identity secret and returns it once. The previous one stays valid for a day. If it leaked, it ends
// immediately, together with all sessions that may rely on it.

import { inTransaction } from '#db/core/transaction.ts'
import { revokeIdentifiedCustomerSessions } from '#db/queries/customer-sessions.ts'
import { lockIdentitySecrets, saveIdentitySecrets } from '#db/queries/identity-secrets.ts'
import { findSite, type SiteRecord } from '#db/queries/sites.ts'
import type { IdentitySecretBody, IdentitySecretReply } from '#protocol/http.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import { newSecret } from '../auth/rotating-token.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { seal } from './sealed-secret.ts'
import { siteView } from './site-view.ts'

export async function newIdentitySecret(
  app: App,
  actor: AgentActor,
  { id, endFormer = false }: IdentitySecretBody & { id: number },
): Promise<IdentitySecretReply> {
  const secret = newSecret()
  await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    const before = await lockIdentitySecrets(trx, id)
    if (before === undefined) throw new AppError('not_found', 'There is no such site.')
    const former = endFormer ? null : again ? before.former : before.current
    await saveIdentitySecrets(trx, { siteId: id, current: seal(app, id, secret), former }, { isNew: true })
  })
  logSecurity(app, 'identity_secret_made', { userId: actor.userId, siteId: id })
  if (endFormer) await endIdentifiedSessions(app, id)
  return { secret, site: siteView(app, (await findSite(app.db, id)) as SiteRecord) }
}

/** Other nodes close their connections within serverLimits.revokedSessionsMs. */
async function endIdentifiedSessions({ db, connections }: App, siteId: number): Promise<void> {
  let ended: number = serverLimits.revokedSessionsRows
  while (ended === serverLimits.revokedSessionsRows) {
    ended = await inTransaction(db, (trx) => revokeIdentifiedCustomerSessions(trx, siteId))
  }
  await connections.endLapsed()
}
