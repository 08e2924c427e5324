import { describe, expect, it } from 'vitest'
import { createRequestQueue } from '../../server/realtime/request-queue.ts'

/** A task that ends on command and logs its start and end. */
function recorded(log: string[], name: string) {
  let end = () => {}
  const began = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return {
    end: () => end(),
    began: began.promise,
    done: done.promise,
    task: async () => {
      log.push(`${name} begins`)
      began.resolve()
      await ended
      log.push(`${name} ends`)
      done.resolve()
    },
  }
}

describe('the request queue of a connection', () => {
  it('[RQ5] starts sends one after another without waiting for their replies', async () => {
    const log: string[] = []
    const queue = createRequestQueue()
    const [first, second] = [recorded(log, 'first'), recorded(log, 'second')]
    queue.run(true, first.task)
    queue.run(true, second.task)
    await first.began
    await second.began
    second.end()
    await second.done
    first.end()
    await queue.idle()
    expect(log).toEqual(['first begins', 'second begins', 'second ends', 'first ends'])
  })

  it('[RQ5] runs any other request alone: after all before it, and before all after it', async () => {
    const log: string[] = []
    const queue = createRequestQueue()
    const [send, close, after] = [recorded(log, 'send'), recorded(log, 'close'), recorded(log, 'send after')]
    queue.run(true, send.task)
    queue.run(false, close.task)
    queue.run(true, after.task)
    after.end()
    close.end()
    await Promise.resolve()
    expect(queue.pending()).toBe(3)
    send.end()
    await queue.idle()
    expect(log).toEqual([
      'send begins',
      'send ends',
      'close begins',
      'close ends',
      'send after begins',
      'send after ends',
    ])
    expect(queue.pending()).toBe(0)
  })
})
