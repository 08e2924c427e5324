// Hook around freezeOrder.

import { useRef, useState } from 'preact/hooks'
import { freezeOrder, type Row } from './freeze-order.ts'

/** Freeze while the pointer or the keyboard focus is in the list. Unfreeze when it leaves or on "show changes". */
export function useFrozenOrder<T extends Row>(latest: readonly T[], find: (id: number) => T | undefined) {
  const [isFrozen, setIsFrozen] = useState(false)
  const shown = useRef(latest)
  const { rows, changes } = isFrozen ? freezeOrder(shown.current, latest, find) : { rows: latest, changes: 0 }
  shown.current = rows
  return { rows, changes, freeze: () => setIsFrozen(true), unfreeze: () => setIsFrozen(false) }
}
