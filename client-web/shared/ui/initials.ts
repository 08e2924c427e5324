// A name in one or two characters.

const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/**
 * The last two characters of a CJK name (王小明 → 小明, 李雷 → 李雷), else the first letters of the first
 * and last word. For a name that ends in a number (Customer 14, 顾客 14 → 14), its last two digits.
 */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/)
  const number = parts.length > 1 ? /^\d+$/.exec(parts.at(-1) ?? '') : null
  if (number) return number[0].slice(-2)
  const [first = '', last = ''] = [parts[0], parts.length > 1 ? parts.at(-1) : '']
  if (cjk.test(first)) return [...first].slice(-2).join('')
  return ([...first].slice(0, 1).join('') + [...last].slice(0, 1).join('')).toUpperCase() || '?'
}
