// Says whether the shop has verified a value, in words as well as by icon and colour.

import { InfoIcon, VerifiedIcon } from '../../shared/ui/icons.tsx'
import { texts } from '../texts.ts'
import styles from './verified-badge.module.css'

export function VerifiedBadge({ isVerified }: { isVerified: boolean }) {
  const t = texts.value.details
  return (
    <span
      class={isVerified ? styles.verified : styles.unverified}
      title={isVerified ? t.verifiedHint : t.unverifiedHint}
    >
      {isVerified ? <VerifiedIcon size={16} /> : <InfoIcon size={16} />}
      {isVerified ? t.verified : t.unverified}
    </span>
  )
}
