// A bus that anybody else may write to: every message carries a code over itself and its channel, from a key that only nodes of this
// installation derive. What has another one is dropped before it is looked at.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Bus } from './bus.ts'
import type { RefusedMessages } from './rejected-messages.ts'

const macBytes = 16

/** Signs with the first secret, and takes what any of them has signed. */
export function signBus(bus: Bus, secrets: readonly string[], refused: RefusedMessages): Bus {
  const keys = secrets.map((secret) => createSecretKey(createHmac('sha256', secret).update('kefu bus').digest()))

  const isSigned = (channel: string, mac: Buffer, message: Buffer) =>
    mac.length === macBytes && keys.some((key) => timingSafeEqual(macOf(key, channel, message), mac))

  return {
    publish(channel, message) {
      const bytes = Buffer.from(message)
      bus.publish(channel, Buffer.concat([macOf(keys[0] as KeyObject, channel, bytes), bytes]))
    },
    subscribe: (channels, listener) =>
      bus.subscribe(channels, (signed, channel) => {
        const message = signed.subarray(macBytes)
        if (!isSigned(channel.toString(), signed.subarray(0, macBytes), message)) return refused.note('not signed')
        return listener(message, channel)
      }),
  }
}

const macOf = (key: KeyObject, channel: string, message: Buffer) =>
  createHmac('sha256', key).update(`${channel}\0`).update(message).digest().subarray(0, macBytes)
