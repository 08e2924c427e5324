// Seals a site's secret for the database: AES-256-GCM under a key derived from JWT_SECRET, bound to the site. A reader
// of the database or a backup can sign in as nobody.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { App } from '../context.ts'

type Secrets = Pick<App, 'jwtSecrets'>

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Seals under the first JWT secret. */
export function seal({ jwtSecrets }: Secrets, siteId: number, secret: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, keyOf(jwtSecrets[0] as string), nonce).setAAD(associatedDataOf(siteId))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text])
}

/** `isCurrent`: sealed under the first JWT secret. Undefined if none opens it. */
export function unseal(
  { jwtSecrets }: Secrets,
  siteId: number,
  sealed: Buffer,
): { secret: string; isCurrent: boolean } | undefined {
  for (const [index, jwtSecret] of jwtSecrets.entries()) {
    const secret = tryKey(keyOf(jwtSecret), siteId, sealed)
    if (secret !== undefined) return { secret, isCurrent: index === 0 }
  }
  return undefined
}

function tryKey(key: Buffer, siteId: number, sealed: Buffer): string | undefined {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(associatedDataOf(siteId)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

const keyOf = (jwtSecret: string) => Buffer.from(hkdfSync('sha256', jwtSecret, '', 'kefu sealed secret', 32))

const associatedDataOf = (siteId: number) => Buffer.from(`site ${siteId}`)
