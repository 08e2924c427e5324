// Verifies an identity: a JWT that the shop's server signed with the site's identity secret, for this site and a short
// time. Every defect gets the same answer.

import jwt from 'jsonwebtoken'
import { Check } from 'typebox/value'
import { selectValidIdentitySecrets } from '#db/queries/identity-secrets.ts'
import type { SiteRecord } from '#db/queries/sites.ts'
import { limits } from '#protocol/limits/wire.ts'
import { Email, ExternalId, Name } from '#protocol/schemas.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { unseal } from '../sites/sealed-secret.ts'

export interface Identity {
  /** The shop's own id of the customer. */
  externalId: string
  /** Undefined if missing, or if it cannot be shown. */
  name: string | undefined
  email: string | undefined
}

type Parts = Pick<App, 'db' | 'jwtSecrets' | 'now' | 'log' | 'rates'>

/** Throws unauthorized. */
export async function verifyIdentity(
  app: Parts,
  site: SiteRecord,
  identity: string,
  { group }: ClientAddress,
): Promise<Identity> {
  for (const sealed of await selectValidIdentitySecrets(app.db, site.id)) {
    const secret = unseal(app, site.id, sealed)?.secret
    const claims = secret && readClaims(app, site, identity, secret)
    if (claims) return claims
  }
  logSecurity(app, 'identity_refused', { siteId: site.id }, group)
  throw new AppError('unauthorized', 'The identity is invalid or expired.')
}

function readClaims(
  { now }: Pick<App, 'now'>,
  site: SiteRecord,
  identity: string,
  secret: string,
): Identity | undefined {
  try {
    const { header, payload } = jwt.verify(identity, secret, {
      algorithms: ['HS256'],
      clockTimestamp: Math.floor(now() / 1000),
      clockTolerance: limits.identityClockSkewMs / 1000,
      complete: true,
    })
    if (typeof payload === 'string' || 'crit' in header || (header.typ ?? 'JWT') !== 'JWT') return undefined
    const { aud, sub, exp, name, email } = payload
    const latest = now() + limits.identityMs + limits.identityClockSkewMs
    if (aud !== site.key || exp === undefined || exp * 1000 > latest || !Check(ExternalId, sub)) return undefined
    const shortName =
      typeof name === 'string'
        ? [...stripBidiControls(name.slice(0, 4 * limits.nameLength)).trim()].slice(0, limits.nameLength).join('')
        : undefined
    return {
      externalId: sub,
      // An unusable name or address does not invalidate the identity.
      name: Check(Name, shortName) ? shortName : undefined,
      email: Check(Email, email) ? email : undefined,
    }
  } catch {
    return undefined
  }
}
