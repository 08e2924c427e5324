import { describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { createSendQueue } from '../../server/messages/write-path/send-queue.ts'

const send = (conversationId: number, name: string, bytes = 1) => ({
  name,
  send: { conversationId, content: 'x'.repeat(bytes) },
})
const namesOf = (batch: { name: string }[]) => batch.map(({ name }) => name)

describe('what waits for the writer', () => {
  it('[MS3] holds a conversation back while it is being written, and gives its messages in order after that', () => {
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

  it('ends a batch at its rows and at its bytes, but one message always goes', () => {
    const waiting = createSendQueue<ReturnType<typeof send>>()
    for (let index = 0; index < serverLimits.writerBatchRows + 5; index++) waiting.add(send(index % 3, `${index}`))
    const first = waiting.takeBatch()
    expect(first.length).toBe(serverLimits.writerBatchRows)
    waiting.written(first)
    expect(waiting.takeBatch().length).toBe(5)
    const large = createSendQueue<ReturnType<typeof send>>()
    for (const name of ['a', 'b']) large.add(send(name.length, name, serverLimits.writerBatchBytes))
    const one = large.takeBatch()
    expect(namesOf(one)).toEqual(['a'])
    large.written(one)
    expect(namesOf(large.takeBatch())).toEqual(['b'])
  })
})
