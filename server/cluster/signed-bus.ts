// Authenticates messages on a bus that others can write to. Every message carries a MAC over itself, its channel, its
// sender and a number, with a key derived from this installation's secrets. A message with a wrong MAC is dropped
// unparsed, and so is one whose number this node has seen: somebody has recorded it and publishes it again.

import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Bus } from './bus.ts'
import type { RejectedMessages } from './rejected-messages.ts'

const macBytes = 16
const senderBytes = 8
/** MAC, sender and number. */
export const signatureBytes = macBytes + senderBytes + 8

/** Signs with the first secret, and accepts the signature of any. */
export function signBus(bus: Bus, secrets: readonly string[], rejected: RejectedMessages): Bus {
  const keys = secrets.map((secret) => createSecretKey(createHmac('sha256', secret).update('kefu bus').digest()))
  const sender = randomBytes(senderBytes)
  let sent = 0n
  /** By sender, the least recent first. Redis keeps the order of one sender. */
  const latest = new Map<string, bigint>()

  const isSigned = (channel: string, mac: Buffer, signed: Buffer) =>
    mac.length === macBytes && keys.some((key) => timingSafeEqual(macOf(key, channel, signed), mac))

  function isReplayed(signed: Buffer): boolean {
    const from = signed.toString('hex', 0, senderBytes)
    const number = signed.readBigUInt64BE(senderBytes)
    if (number <= (latest.get(from) ?? 0n)) return true
    latest.delete(from)
    latest.set(from, number)
    const [oldest] = latest.keys()
    if (latest.size > serverLimits.busSenders && oldest !== undefined) latest.delete(oldest)
    return false
  }

  return {
    publish(channel, message) {
      const number = Buffer.alloc(8)
      number.writeBigUInt64BE(++sent)
      const signed = Buffer.concat([sender, number, Buffer.from(message)])
      bus.publish(channel, Buffer.concat([macOf(keys[0] as KeyObject, channel, signed), signed]))
    },
    subscribe: (channels, listener) =>
      bus.subscribe(channels, (message, channel) => {
        const signed = message.subarray(macBytes)
        if (message.length < signatureBytes || !isSigned(channel.toString(), message.subarray(0, macBytes), signed))
          return rejected.count('not signed')
        if (isReplayed(signed)) return rejected.count('replayed')
        return listener(message.subarray(signatureBytes), channel)
      }),
  }
}

const macOf = (key: KeyObject, channel: string, signed: Buffer) =>
  createHmac('sha256', key).update(`${channel}\0`).update(signed).digest().subarray(0, macBytes)
