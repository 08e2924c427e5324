// Records in IndexedDB, by id, shared by all tabs. Where IndexedDB fails they go to localStorage.

import type { Storage } from './storage.ts'

export interface Records<T> {
  /** In no particular order. */
  list(): Promise<T[]>
  /** Updates one record atomically across tabs; undefined means that there is no record. */
  change(id: string, change: (current: T | undefined) => T | undefined): Promise<void>
  /**
   * Calls `listener` when another tab has changed localStorage and
   * the change can be read here. Returns a function that stops it.
   */
  watch(listener: () => void): () => void
  clear(): Promise<void>
}

const table = 'records'
const prefix = 'record:'
/** In some browsers opening a database never settles. */
const openTimeoutMs = 2_000

export function openRecords<T>(storage: Storage): Records<T> {
  const database = openDatabase(storage.area)
  database.catch(() => undefined)

  /** Resolves with the result once the transaction has committed. Rejects if IndexedDB is unavailable or fails. */
  async function transact<R>(
    mode: IDBTransactionMode,
    operation: (records: IDBObjectStore) => IDBRequest<R>,
  ): Promise<R> {
    const transaction = (await database).transaction(table, mode)
    return new Promise((resolve, reject) => {
      const request = operation(transaction.objectStore(table))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error)
    })
  }

  return {
    async list() {
      const fallback = storage.names(prefix).map((name) => JSON.parse(storage.get(name) ?? 'null') as T)
      return [...(await transact<T[]>('readonly', (records) => records.getAll()).catch(() => [])), ...fallback]
    },
    async change(id, change) {
      const fallback = storage.get(prefix + id)
      if (fallback === null) {
        try {
          await transact('readwrite', (records) => {
            const request = records.get(id)
            request.onsuccess = () => {
              const next = change(request.result)
              if (next === undefined) records.delete(id)
              else records.put(next, id)
              // An explicit commit survives the end of the page.
              records.transaction.commit()
            }
            return request
          })
          return
        } catch {
          // Use localStorage instead.
        }
      }
      const next = change(fallback === null ? undefined : (JSON.parse(fallback) as T))
      if (next === undefined) storage.remove(prefix + id)
      else storage.set(prefix + id, JSON.stringify(next))
    },
    watch: (listener) => storage.watch((name) => name.startsWith(prefix) && listener()),
    async clear() {
      for (const name of storage.names(prefix)) storage.remove(name)
      await transact('readwrite', (records) => records.clear()).catch(() => undefined)
    },
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(table)
    request.onsuccess = () => resolve(request.result)
    request.onerror = reject
    setTimeout(reject, openTimeoutMs)
  })
}
