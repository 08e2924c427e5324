// Records that outlive the browser, each under an id, the same for all tabs: in IndexedDB, and what that refuses in the small storage.

import type { Storage } from './storage.ts'

export interface Records<T> {
  /** In no particular order. */
  list(): Promise<T[]>
  /** Makes of one record what `change` says, as one step for all tabs; undefined means none, before and after. */
  change(id: string, change: (current: T | undefined) => T | undefined): Promise<void>
  /** Hears that another tab has changed what is in the small storage, which can be read here later than that tab can say so; answers its undo. */
  watch(hear: () => void): () => void
  clear(): Promise<void>
}

const table = 'records'
const prefix = 'record:'
/** Some browsers open a database never, and say nothing. */
const openTimeoutMs = 2_000

export function openRecords<T>(storage: Storage): Records<T> {
  const database = openDatabase(storage.area)
  database.catch(() => undefined)

  /** Resolves with the answer once it is committed; rejects where there is no database or it refuses. */
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
              // Said aloud, it holds even if this page ends now.
              records.transaction.commit()
            }
            return request
          })
          return
        } catch {
          // Kept in the small storage instead.
        }
      }
      const next = change(fallback === null ? undefined : (JSON.parse(fallback) as T))
      if (next === undefined) storage.remove(prefix + id)
      else storage.set(prefix + id, JSON.stringify(next))
    },
    watch: (hear) => storage.watch((name) => name.startsWith(prefix) && hear()),
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
