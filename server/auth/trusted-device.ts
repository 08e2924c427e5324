// Trusted devices: a signed cookie marks a browser that a user has logged in from. Their failures count separately, so
// that strangers cannot lock the user out (OWASP device cookies).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { App } from '../context.ts'

type Ring = Pick<App, 'jwtSecrets'>

/** `<user id>.<random device name>.<signature>` */
export function newDevice({ jwtSecrets }: Ring, userId: number): string {
  const payload = `${userId}.${randomBytes(16).toString('base64url')}`
  return `${payload}.${sign(jwtSecrets[0] as string, payload)}`
}

/** The device's name if this user has logged in there, else undefined. */
export function trustedDevice(ring: Ring, userId: number, device: string | undefined): string | undefined {
  const { owner, name } = readDevice(ring, device) ?? {}
  return owner === String(userId) ? name : undefined
}

/** Owner and name of a device; undefined if we did not sign it. */
export function readDevice({ jwtSecrets }: Ring, device: string | undefined) {
  const [, payload = '', owner, name, signature = ''] =
    /^((\d{1,15})\.([A-Za-z0-9_-]{22}))\.([A-Za-z0-9_-]{43})$/.exec(device ?? '') ?? []
  if (owner === undefined || name === undefined) return undefined
  const isOurs = jwtSecrets.some((secret) =>
    timingSafeEqual(Buffer.from(sign(secret, payload)), Buffer.from(signature)),
  )
  return isOurs ? { owner, name } : undefined
}

const sign = (secret: string, payload: string) =>
  createHmac('sha256', secret).update(`known device ${payload}`).digest('base64url')
