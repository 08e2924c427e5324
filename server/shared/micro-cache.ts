// An answer that is the same for everyone, kept for a moment: however many ask, the work is done once at a time. A failure is kept too,
// so that a database in trouble is not asked more often than a healthy one.

export interface MicroCache<T> {
  get(): Promise<T>
  /** The next `get` does the work again. */
  forget(): void
}

export function createMicroCache<T>(keepMs: number, work: () => Promise<T>): MicroCache<T> {
  let answer: Promise<T> | undefined
  let keptUntil = 0
  return {
    get() {
      if (answer !== undefined && performance.now() < keptUntil) return answer
      const begun = work()
      answer = begun
      // Until it is there nobody else begins.
      keptUntil = Number.POSITIVE_INFINITY
      const keep = () => {
        if (answer === begun) keptUntil = performance.now() + keepMs
      }
      begun.then(keep, keep)
      return begun
    },
    forget() {
      answer = undefined
    },
  }
}
