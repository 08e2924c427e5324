// Micro-cache of one value with request coalescing. It caches failures too, so that an overloaded database gets no more
// queries than a healthy one.

export interface MicroCache<T> {
  get(): Promise<T>
  /** Makes the next `get` load the value again. */
  forget(): void
}

export function createMicroCache<T>(ttlMs: number, load: () => Promise<T>): MicroCache<T> {
  let value: Promise<T> | undefined
  let expiresAt = 0
  return {
    get() {
      if (value !== undefined && performance.now() < expiresAt) return value
      const loading = load()
      value = loading
      // Callers share this load until it settles.
      expiresAt = Number.POSITIVE_INFINITY
      const setExpiry = () => {
        if (value === loading) expiresAt = performance.now() + ttlMs
      }
      loading.then(setExpiry, setExpiry)
      return loading
    },
    forget() {
      value = undefined
    },
  }
}
