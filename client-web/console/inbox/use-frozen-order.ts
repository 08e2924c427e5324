// Holds a list while somebody's hand is in it.

import { useRef, useState } from 'preact/hooks'
import { freezeOrder, type Row } from './freeze-order.ts'

/** `hold` while a pointer or the keyboard is in the list; `release` when it leaves, or when somebody asks for the news. */
export function useFrozenOrder<T extends Row>(latest: readonly T[], find: (id: number) => T | undefined) {
  const [isFrozen, setIsFrozen] = useState(false)
  const shown = useRef(latest)
  const { rows, changes } = isFrozen ? freezeOrder(shown.current, latest, find) : { rows: latest, changes: 0 }
  shown.current = rows
  return { rows, changes, freeze: () => setIsFrozen(true), unfreeze: () => setIsFrozen(false) }
}
