// Key-value storage that survives a reload (localStorage). If the
// browser blocks it, values live in memory and isDurable is false.

import { type ReadonlySignal, signal } from '@preact/signals'

export interface Storage {
  /** Prefix that separates these keys from others of the same origin. */
  area: string
  get(name: string): string | null
  set(name: string, value: string): void
  remove(name: string): void
  /** Names that begin with `prefix`, in no particular order. */
  names(prefix: string): string[]
  /**
   * Calls `listener` when another tab has changed a value and the
   * change can be read here. Returns a function that stops it.
   */
  watch(listener: (name: string, value: string | null) => void): () => void
  /** False once the browser has refused to store something: values then live only as long as the page. */
  isDurable: ReadonlySignal<boolean>
}

export function openStorage(area: string): Storage {
  const memory = new Map<string, string>()
  const isDurable = signal(true)

  function tryStorage<T>(operation: (storage: globalThis.Storage) => T, fallback: T): T {
    try {
      return operation(localStorage)
    } catch {
      isDurable.value = false
      return fallback
    }
  }

  return {
    area,
    isDurable,
    get: (name) => memory.get(name) ?? tryStorage((storage) => storage.getItem(area + name), null),
    set(name, value) {
      const isStored = tryStorage((storage) => {
        storage.setItem(area + name, value)
        return true
      }, false)
      if (isStored) memory.delete(name)
      else memory.set(name, value)
    },
    remove(name) {
      memory.delete(name)
      tryStorage((storage) => storage.removeItem(area + name), undefined)
    },
    names(prefix) {
      const stored = tryStorage((storage) => Object.keys(storage), [])
      const own = stored.filter((key) => key.startsWith(area + prefix)).map((key) => key.slice(area.length))
      return [...new Set([...own, ...[...memory.keys()].filter((name) => name.startsWith(prefix))])]
    },
    watch(listener) {
      const onStorage = ({ key, newValue }: StorageEvent) => {
        if (key?.startsWith(area)) listener(key.slice(area.length), newValue)
      }
      globalThis.addEventListener?.('storage', onStorage)
      return () => globalThis.removeEventListener?.('storage', onStorage)
    },
  }
}
