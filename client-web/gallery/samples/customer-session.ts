// A customer's session without a server.

import { signal } from '@preact/signals'
import type { CustomerSession } from '../../widget/customer-session.ts'
import { customerId } from './conversations.ts'
import { words } from './words.ts'

interface SampleSessionOptions {
  isAvailable: boolean
  email?: string | null
  isVerified?: boolean
}

export function sampleSession({
  isAvailable,
  email = null,
  isVerified = false,
}: SampleSessionOptions): CustomerSession {
  const { customer, shop, greeting } = words.value
  const pending = () => new Promise<never>(() => {})
  return {
    customer: signal({ id: customerId, name: customer, email, isEmailVerified: isVerified }),
    site: signal({
      key: 'shop',
      name: shop,
      color: '#0f766e',
      position: 'right',
      greeting,
      origins: [],
      available: isAvailable,
    }),
    getToken: () => null,
    renewToken: pending,
    hasSession: () => true,
    setEmail: pending,
    setAvailable() {},
    setClaims: () => true,
    end: pending,
  }
}
