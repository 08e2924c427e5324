// One run of numbered messages: measures the time from each message's scheduled send to its acknowledgement and to its
// delivery to the other member.

import { type Percentiles, percentiles } from '../percentiles.ts'

export interface RunResult {
  seconds: number
  acked: number
  delivered: number
  /** Errors in the whole run. */
  refused: number
  ackMs: Percentiles
  deliveryMs: Percentiles
}

export interface MessageRun {
  /** The payload of message `number`, scheduled for `scheduledAt`. */
  payload(number: number, conversationId: number, scheduledAt: number): string
  acked(number: number, isOk: boolean): void
  delivered(bytes: Buffer, from: number, to: number): void
  /** Starts the measured window. */
  startWindow(): void
  endWindow(): void
  /** Resolves when every message is acknowledged and delivered; rejects after 15 s. */
  settled(): Promise<void>
  /** Results of the window. Times include all messages scheduled in it, even if the reply came later. */
  result(): RunResult
}

/** A typical message of 120 characters. */
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

  function record(samples: number[], number: number) {
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
      record(ackMs, number)
    },
    delivered(bytes, from, to) {
      const at = bytes.indexOf(needle, from, 'latin1') + needle.length
      if (at < needle.length || at + digits > to) return
      total.delivered += 1
      let number = 0
      for (let digit = at; digit < at + digits; digit++) number = number * 10 + (bytes[digit] as number) - 0x30
      record(deliveryMs, number)
    },
    startWindow() {
      start = now()
    },
    endWindow() {
      end = now()
    },
    async settled() {
      const deadline = performance.now() + 15_000
      while (Math.min(total.acked, total.delivered) + total.refused < total.sent) {
        if (performance.now() > deadline)
          throw new Error(`of ${total.sent} messages ${total.acked} were acknowledged and ${total.delivered} delivered`)
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
