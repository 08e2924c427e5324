// The requests of one connection take effect in the order they came: sends start one behind another without waiting for answers (the
// writer keeps their order), anything else waits for all before it, and what follows waits for that.

export interface RequestQueue {
  /** Runs the task in its turn, at once if it is its turn. Tasks must not reject. */
  run(pipelines: boolean, task: () => Promise<void>): void
  /** How many have been given and not ended. */
  pending(): number
  /** Resolves when all given so far have ended. */
  idle(): Promise<unknown>
}

interface Turn {
  pipelines: boolean
  task: () => Promise<void>
}

export function createRequestQueue(): RequestQueue {
  const waiting: Turn[] = []
  const idle: (() => void)[] = []
  let running = 0
  /** What runs is one that does not pipeline. */
  let isAlone = false

  const mayStart = (turn: Turn) => running === 0 || (turn.pipelines && !isAlone)

  function start({ pipelines, task }: Turn) {
    running += 1
    isAlone = !pipelines
    void task().then(ended)
  }

  function ended() {
    running -= 1
    while (waiting[0] && mayStart(waiting[0])) start(waiting.shift() as Turn)
    if (running === 0) for (const resolve of idle.splice(0)) resolve()
  }

  return {
    run(pipelines, task) {
      const turn = { pipelines, task }
      if (waiting.length === 0 && mayStart(turn)) start(turn)
      else waiting.push(turn)
    },
    pending: () => running + waiting.length,
    idle: () => (running === 0 ? Promise.resolve() : new Promise<void>((resolve) => idle.push(resolve))),
  }
}
