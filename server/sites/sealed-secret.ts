// A secret as the database may hold it: sealed with AES-256-GCM under a key derived from JWT_SECRET, for one site alone. Who reads the
// database, or a backup of it, can sign in as nobody, here as with every other token.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { App } from '../context.ts'

type Ring = Pick<App, 'jwtSecrets'>

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Under the ring's first secret. */
export function seal({ jwtSecrets }: Ring, siteId: number, secret: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, keyOf(jwtSecrets[0] as string), nonce).setAAD(ownerOf(siteId))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text])
}

/** `isCurrent`: it is sealed under the ring's first secret. Undefined when no secret of the ring opens it. */
export function unseal(
  { jwtSecrets }: Ring,
  siteId: number,
  sealed: Buffer,
): { secret: string; isCurrent: boolean } | undefined {
  for (const [index, ringSecret] of jwtSecrets.entries()) {
    const secret = tryKey(keyOf(ringSecret), siteId, sealed)
    if (secret !== undefined) return { secret, isCurrent: index === 0 }
  }
  return undefined
}

function tryKey(key: Buffer, siteId: number, sealed: Buffer): string | undefined {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(ownerOf(siteId)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

const keyOf = (ringSecret: string) => Buffer.from(hkdfSync('sha256', ringSecret, '', 'kefu sealed secret', 32))

const ownerOf = (siteId: number) => Buffer.from(`site ${siteId}`)
