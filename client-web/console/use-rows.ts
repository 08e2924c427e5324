// Rows loaded once over HTTP and then updated locally.

import { useEffect, useState } from 'preact/hooks'
import { callAsUser } from './session/session.ts'

interface Rows<T> {
  /** null while loading. */
  rows: T[] | null
  error: unknown
  reload: () => void
  /** Replaces the row with the same id, or appends it. */
  upsert: (row: T) => void
}

export function useRows<T extends { id: number }>(path: string, name: string): Rows<T> {
  const [rows, setRows] = useState<T[] | null>(null)
  const [error, setError] = useState<unknown>(null)

  async function load(): Promise<void> {
    setError(null)
    try {
      setRows((await callAsUser<Record<string, T[]>>(path))[name] ?? [])
    } catch (failure) {
      setError(failure)
    }
  }

  useEffect(() => void load(), [path])

  return {
    rows,
    error,
    reload: () => void load(),
    upsert: (row) =>
      setRows((current) => {
        const index = current?.findIndex(({ id }) => id === row.id) ?? -1
        return index < 0 ? [...(current ?? []), row] : (current ?? []).with(index, row)
      }),
  }
}
