// A banner for a lost connection, after a short delay. Writing stays possible.

import { useEffect, useState } from 'preact/hooks'
import type { Connection } from '../shared/connection/connection.ts'
import { Banner } from '../shared/ui/banner.tsx'
import { texts } from './texts.ts'

const showAfterMs = 2_000

export function OfflineBanner({ connection }: { connection: Connection | null }) {
  const state = connection?.state.value
  const since = state?.phase === 'offline' ? state.since : null
  const [isShown, setShown] = useState(false)

  useEffect(() => {
    setShown(false)
    if (since === null) return
    const timer = setTimeout(setShown, since + showAfterMs - Date.now(), true)
    return () => clearTimeout(timer)
  }, [since])

  return isShown ? <Banner tone="warning">{texts.value.offline}</Banner> : null
}
