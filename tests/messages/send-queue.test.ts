import { describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { createSendQueue } from '../../server/messages/write-path/send-queue.ts'

const send = (conversationId: number, name: string, bytes = 1) => ({
  name,
  send: { conversationId, content: 'x'.repeat(bytes) },
})
const namesOf = (batch: { name: string }[]) => batch.map(({ name }) => name)

describe('the send queue', () => {
  it('[MS3] keeps back a conversation that is being written, and returns its messages in order afterwards', () => {
    const waiting = createSendQueue<ReturnType<typeof send>>()
    for (const one of [send(1, 'a'), send(2, 'b'), send(1, 'c')]) waiting.add(one)
    const first = waiting.nextBatch()
    expect(namesOf(first).sort()).toEqual(['a', 'b', 'c'])
    expect(namesOf(first.filter((one) => one.send.conversationId === 1))).toEqual(['a', 'c'])
    for (const one of [send(1, 'd'), send(3, 'e'), send(1, 'f')]) waiting.add(one)
    expect([waiting.readyCount(), waiting.size()]).toEqual([1, 3])
    expect(namesOf(waiting.nextBatch())).toEqual(['e'])
    expect(waiting.nextBatch()).toEqual([])
    waiting.complete(first)
    expect(namesOf(waiting.nextBatch())).toEqual(['d', 'f'])
    expect([waiting.readyCount(), waiting.size()]).toEqual([0, 0])
  })

  it('ends a batch at its limit of rows or bytes, but never returns an empty one', () => {
    const waiting = createSendQueue<ReturnType<typeof send>>()
    for (let index = 0; index < serverLimits.writerBatchRows + 5; index++) waiting.add(send(index % 3, `${index}`))
    const first = waiting.nextBatch()
    expect(first.length).toBe(serverLimits.writerBatchRows)
    waiting.complete(first)
    expect(waiting.nextBatch().length).toBe(5)
    const large = createSendQueue<ReturnType<typeof send>>()
    for (const name of ['a', 'b']) large.add(send(name.length, name, serverLimits.writerBatchBytes))
    const one = large.nextBatch()
    expect(namesOf(one)).toEqual(['a'])
    large.complete(one)
    expect(namesOf(large.nextBatch())).toEqual(['b'])
  })
})
