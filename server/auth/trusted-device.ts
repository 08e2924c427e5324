// Browsers that a user has logged in from before: a cookie says so, signed by us. Their failures are counted apart, so that whoever fails
// again and again under somebody's name does not lock them out (the device cookies of OWASP).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { App } from '../context.ts'

type Ring = Pick<App, 'jwtSecrets'>

/** `<user id>.<its own random name>.<signature>` */
export function newDevice({ jwtSecrets }: Ring, userId: number): string {
  const named = `${userId}.${randomBytes(16).toString('base64url')}`
  return `${named}.${sign(jwtSecrets[0] as string, named)}`
}

/** The device's own name, if this user has logged in there; undefined for any other or none. */
export function trustedDevice(ring: Ring, userId: number, device: string | undefined): string | undefined {
  const { owner, name } = readDevice(ring, device) ?? {}
  return owner === String(userId) ? name : undefined
}

/** Whose device it is; undefined for what we have not signed. */
export function readDevice({ jwtSecrets }: Ring, device: string | undefined) {
  const [, named = '', owner, name, signature = ''] =
    /^((\d{1,15})\.([A-Za-z0-9_-]{22}))\.([A-Za-z0-9_-]{43})$/.exec(device ?? '') ?? []
  if (owner === undefined || name === undefined) return undefined
  const isOurs = jwtSecrets.some((secret) => timingSafeEqual(Buffer.from(sign(secret, named)), Buffer.from(signature)))
  return isOurs ? { owner, name } : undefined
}

const sign = (secret: string, named: string) =>
  createHmac('sha256', secret).update(`known device ${named}`).digest('base64url')
