// A banner for a lost connection. Interruptions under two seconds are not shown.

import { useEffect, useState } from 'preact/hooks'
import { Banner } from '../../shared/ui/banner.tsx'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './connection-banner.module.css'

const showAfterMs = 2_000

export function ConnectionBanner() {
  const { phase } = useWorkspace().connection.state.value
  const [isLong, setIsLong] = useState(false)

  useEffect(() => {
    if (phase === 'online') return setIsLong(false)
    const timer = setTimeout(() => setIsLong(true), showAfterMs)
    return () => clearTimeout(timer)
  }, [phase === 'online'])

  return (
    <div class={styles.banner} role="status">
      {isLong && phase !== 'online' && <Banner tone="warning">{texts.value.reconnecting}</Banner>}
    </div>
  )
}
