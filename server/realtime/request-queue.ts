// The request queue of one connection: requests take effect in arrival order. Concurrent requests (sends) start without
// waiting for each other's replies, since the message writer keeps their order. Every other request runs alone.

export interface RequestQueue {
  /** Runs the task when the requests before it allow, synchronously if they do now. Tasks must not reject. */
  enqueue(concurrent: boolean, task: () => Promise<void>): void
  /** Tasks that wait or run. */
  size(): number
  /** Resolves when all tasks enqueued so far have completed. */
  onIdle(): Promise<void>
}

interface Entry {
  concurrent: boolean
  task: () => Promise<void>
}

export function createRequestQueue(): RequestQueue {
  const waiting: Entry[] = []
  const idleListeners: (() => void)[] = []
  let running = 0
  /** Whether the running task is one that runs alone. */
  let isExclusive = false

  const mayStart = (entry: Entry) => running === 0 || (entry.concurrent && !isExclusive)

  function start({ concurrent, task }: Entry) {
    running += 1
    isExclusive = !concurrent
    void task().then(onComplete)
  }

  function onComplete() {
    running -= 1
    while (waiting[0] && mayStart(waiting[0])) start(waiting.shift() as Entry)
    if (running === 0) for (const resolve of idleListeners.splice(0)) resolve()
  }

  return {
    enqueue(concurrent, task) {
      const entry = { concurrent, task }
      if (waiting.length === 0 && mayStart(entry)) start(entry)
      else waiting.push(entry)
    },
    size: () => running + waiting.length,
    onIdle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => idleListeners.push(resolve))),
  }
}
