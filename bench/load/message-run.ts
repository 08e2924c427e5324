// One run of messages: numbered, timed from the moment each was meant to go out, counted when its sender is answered and when the other
// member has been told.

import { type Percentiles, percentiles } from '../percentiles.ts'

export interface RunResult {
  seconds: number
  acked: number
  delivered: number
  /** In the whole run: answered with an error. */
  refused: number
  ackMs: Percentiles
  deliveryMs: Percentiles
}

export interface MessageRun {
  /** The payload of message `number`, which was meant to go out at `meantAt`. */
  payload(number: number, conversationId: number, scheduledAt: number): string
  acked(number: number, isOk: boolean): void
  delivered(bytes: Buffer, from: number, to: number): void
  /** Counts and times only what follows. */
  startWindow(): void
  endWindow(): void
  /** Resolves when everything sent has been answered and told, rejects after fifteen seconds. */
  settled(): Promise<void>
  /** Of the window; times are of all messages that were meant to go out in it, whenever their answers came. */
  result(): RunResult
}

/** 120 characters, as a customer writes them. */
export const body =
  'Hello, I ordered a pair of running shoes last week and the parcel still has not arrived. Could you have a look for me?'.padEnd(
    120,
    '.',
  )
const digits = 9
const maxMessages = 4_000_000

export function createRun(tag: string): MessageRun {
  const needle = Buffer.from(`"clientMessageId":"${tag}-`)
  const scheduled = new Float64Array(maxMessages)
  const ackMs: number[] = []
  const deliveryMs: number[] = []
  const total = { sent: 0, acked: 0, delivered: 0, refused: 0 }
  let start = { at: Number.POSITIVE_INFINITY, acked: 0, delivered: 0 }
  let end = { ...start }
  const now = () => ({ at: performance.now(), acked: total.acked, delivered: total.delivered })

  function note(samples: number[], number: number) {
    const scheduledAt = scheduled[number] as number
    if (scheduledAt >= start.at && scheduledAt < end.at) samples.push(performance.now() - scheduledAt)
  }

  return {
    payload(number, conversationId, scheduledAt) {
      scheduled[number] = scheduledAt
      total.sent += 1
      const id = `${tag}-${String(number).padStart(digits, '0')}`
      return `{"conversationId":${conversationId},"clientMessageId":"${id}","content":"${body}"}`
    },
    acked(number, isOk) {
      if (!isOk) {
        total.refused += 1
        return
      }
      total.acked += 1
      note(ackMs, number)
    },
    delivered(bytes, from, to) {
      const at = bytes.indexOf(needle, from, 'latin1') + needle.length
      if (at < needle.length || at + digits > to) return
      total.delivered += 1
      let number = 0
      for (let digit = at; digit < at + digits; digit++) number = number * 10 + (bytes[digit] as number) - 0x30
      note(deliveryMs, number)
    },
    startWindow() {
      start = now()
    },
    endWindow() {
      end = now()
    },
    async settled() {
      const giveUpAt = performance.now() + 15_000
      while (Math.min(total.acked, total.delivered) + total.refused < total.sent) {
        if (performance.now() > giveUpAt)
          throw new Error(`of ${total.sent} messages ${total.acked} were acknowledged and ${total.delivered} told`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    result: () => ({
      seconds: (end.at - start.at) / 1000,
      acked: end.acked - start.acked,
      delivered: end.delivered - start.delivered,
      refused: total.refused,
      ackMs: percentiles(ackMs),
      deliveryMs: percentiles(deliveryMs),
    }),
  }
}
