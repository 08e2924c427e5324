// The requests of one connection take effect in the order they came: sends start one behind another without waiting for answers (the
// writer keeps their order), anything else waits for all before it, and what follows waits for that.

export interface Turns {
  /** Runs the task in its turn. Tasks must not reject. */
  run(pipelines: boolean, task: () => Promise<void>): void
  /** How many have been given and not ended. */
  pending(): number
  /** Resolves when all given so far have ended. */
  idle(): Promise<unknown>
}

export function createTurns(): Turns {
  let barrier: Promise<unknown> = Promise.resolve()
  let sends: Promise<unknown> = Promise.resolve()
  let pending = 0

  return {
    run(pipelines, task) {
      pending += 1
      const before = pipelines ? barrier : Promise.all([barrier, sends])
      const done = before.then(task).finally(() => {
        pending -= 1
      })
      if (pipelines) {
        sends = Promise.all([sends, done])
      } else {
        barrier = done
        sends = Promise.resolve()
      }
    },
    pending: () => pending,
    idle: () => Promise.all([barrier, sends]),
  }
}
