// Authenticates messages on a bus that others can write to. Every message carries a MAC over itself and its channel,
// with a key derived from this installation's secrets. A message with a wrong MAC is dropped unparsed.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Bus } from './bus.ts'
import type { RejectedMessages } from './rejected-messages.ts'

const macBytes = 16

/** Signs with the first secret, and accepts the signature of any. */
export function signBus(bus: Bus, secrets: readonly string[], rejected: RejectedMessages): Bus {
  const keys = secrets.map((secret) => createSecretKey(createHmac('sha256', secret).update('kefu bus').digest()))

  const isSigned = (channel: string, mac: Buffer, message: Buffer) =>
    mac.length === macBytes && keys.some((key) => timingSafeEqual(macOf(key, channel, message), mac))

  return {
    publish(channel, message) {
      const bytes = Buffer.from(message)
      bus.publish(channel, Buffer.concat([macOf(keys[0] as KeyObject, channel, bytes), bytes]))
    },
    subscribe: (channels, listener) =>
      bus.subscribe(channels, (signedMessage, channel) => {
        const message = signedMessage.subarray(macBytes)
        if (!isSigned(channel.toString(), signedMessage.subarray(0, macBytes), message))
          return rejected.count('not signed')
        return listener(message, channel)
      }),
  }
}

const macOf = (key: KeyObject, channel: string, message: Buffer) =>
  createHmac('sha256', key).update(`${channel}\0`).update(message).digest().subarray(0, macBytes)
