import { describe, expect, it } from 'vitest'
import { limits } from '#protocol/limits.ts'
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
    const first = waiting.takeBatch()
    expect(namesOf(first).sort()).toEqual(['a', 'b', 'c'])
    expect(namesOf(first.filter((one) => one.send.conversationId === 1))).toEqual(['a', 'c'])
    for (const one of [send(1, 'd'), send(3, 'e'), send(1, 'f')]) waiting.add(one)
    expect([waiting.ready(), waiting.all()]).toEqual([1, 3])
    expect(namesOf(waiting.takeBatch())).toEqual(['e'])
    expect(waiting.takeBatch()).toEqual([])
    waiting.written(first)
    expect(namesOf(waiting.takeBatch())).toEqual(['d', 'f'])
    expect([waiting.ready(), waiting.all()]).toEqual([0, 0])
  })

  it('ends a batch at its limit of rows or bytes, but never returns an empty one', () => {
    const waiting = createSendQueue<ReturnType<typeof send>>()
    for (let index = 0; index < limits.writerBatchRows + 5; index++) waiting.add(send(index % 3, `${index}`))
    const first = waiting.takeBatch()
    expect(first.length).toBe(limits.writerBatchRows)
    waiting.written(first)
    expect(waiting.takeBatch().length).toBe(5)
    const large = createSendQueue<ReturnType<typeof send>>()
    for (const name of ['a', 'b']) large.add(send(name.length, name, limits.writerBatchBytes))
    const one = large.takeBatch()
    expect(namesOf(one)).toEqual(['a'])
    large.written(one)
    expect(namesOf(large.takeBatch())).toEqual(['b'])
  })
})
