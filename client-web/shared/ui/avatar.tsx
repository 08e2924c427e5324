// A person's initials on a colour derived from the id. Decorative and hidden
// from screen readers: the name is next to it or on the element around it.

import styles from './avatar.module.css'
import { initials } from './initials.ts'

const tones = ['tone0', 'tone1', 'tone2', 'tone3', 'tone4', 'tone5'] as const
interface AvatarProps {
  id: number
  name: string
  size?: 'sm' | 'md' | 'lg'
}

export function Avatar({ id, name, size = 'md' }: AvatarProps) {
  const tone = tones[id % tones.length] ?? 'tone0'
  return <span class={`${styles.avatar} ${styles[size]} ${styles[tone]}`} data-initials={initials(name)} />
}
