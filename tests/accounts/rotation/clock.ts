// Time of a model run: nothing sleeps.

export interface Clock {
  now(): number
  /** Runs `event` after this many milliseconds. */
  after(ms: number, event: () => unknown): void
  wait(ms: number): Promise<void>
  /** Nothing happens for this long; what was due comes after it. */
  sleep(ms: number): void
  /** Runs every event up to this time. Each one has its effects before the next. */
  runUntil(time: number): Promise<void>
}

export function createClock(): Clock {
  const events: { at: number; order: number; run: () => unknown }[] = []
  let time = 0
  let order = 0
  const clock: Clock = {
    now: () => time,
    after(ms, run) {
      events.push({ at: time + Math.max(0, ms), order: order++, run })
    },
    wait: (ms) => new Promise((resolve) => clock.after(ms, resolve)),
    sleep(ms) {
      time += ms
    },
    async runUntil(end) {
      for (;;) {
        // What waited for the last event goes on, and may cause another one.
        await new Promise(setImmediate)
        events.sort((a, b) => a.at - b.at || a.order - b.order)
        if (events[0] === undefined || events[0].at > end) break
        const { at, run } = events.shift() as (typeof events)[number]
        time = Math.max(time, at)
        await run()
      }
      time = Math.max(time, end)
    },
  }
  return clock
}
