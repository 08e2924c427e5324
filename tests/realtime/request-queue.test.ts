import { describe, expect, it } from 'vitest'
import { createRequestQueue } from '../../server/realtime/request-queue.ts'

/** A task that ends when `end` is called, and logs its begin and end. */
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

describe('the request queue of one connection', () => {
  it('[RQ5] starts sends in order without waiting for the replies to earlier ones', async () => {
    const log: string[] = []
    const queue = createRequestQueue()
    const [first, second] = [recorded(log, 'first'), recorded(log, 'second')]
    queue.enqueue(true, first.task)
    queue.enqueue(true, second.task)
    await first.began
    await second.began
    second.end()
    await second.done
    first.end()
    await queue.onIdle()
    expect(log).toEqual(['first begins', 'second begins', 'second ends', 'first ends'])
  })

  it('[RQ5] runs any other request alone, after all before it and before all after it', async () => {
    const log: string[] = []
    const queue = createRequestQueue()
    const [send, close, after] = [recorded(log, 'send'), recorded(log, 'close'), recorded(log, 'send after')]
    queue.enqueue(true, send.task)
    queue.enqueue(false, close.task)
    queue.enqueue(true, after.task)
    after.end()
    close.end()
    await Promise.resolve()
    expect(queue.size()).toBe(3)
    send.end()
    await queue.onIdle()
    expect(log).toEqual([
      'send begins',
      'send ends',
      'close begins',
      'close ends',
      'send after begins',
      'send after ends',
    ])
    expect(queue.size()).toBe(0)
  })
})
