// A person as initials on a colour that stays theirs. Decoration, drawn by the style sheet so that no
// screen reader meets it: the name stands beside it, or on the element around it.

import styles from './avatar.module.css'

const tones = ['tone0', 'tone1', 'tone2', 'tone3', 'tone4', 'tone5'] as const
const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/** The last two characters of a CJK name (王小明 → 小明, 李雷 → 李雷), else the first letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const [first = '', last = ''] = [words[0], words.length > 1 ? words.at(-1) : '']
  if (cjk.test(first)) return [...first].slice(-2).join('')
  return ([...first].slice(0, 1).join('') + [...last].slice(0, 1).join('')).toUpperCase() || '?'
}

interface AvatarProps {
  id: number
  name: string
  size?: 'sm' | 'md' | 'lg'
}

export function Avatar({ id, name, size = 'md' }: AvatarProps) {
  const tone = tones[id % tones.length] ?? 'tone0'
  return <span class={`${styles.avatar} ${styles[size]} ${styles[tone]}`} data-initials={initials(name)} />
}
