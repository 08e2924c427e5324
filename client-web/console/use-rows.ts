// Rows that a page reads once over HTTP and then changes itself.

import { useEffect, useState } from 'preact/hooks'
import { callAsUser } from './session/session.ts'

interface Rows<T> {
  /** null while they are on their way. */
  rows: T[] | null
  error: unknown
  reload: () => void
  /** Puts a row in the place of the one with its id, or at the end. */
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
