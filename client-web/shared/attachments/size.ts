// Formats a file size.

import { locale } from '../i18n/language.ts'

/** 1 kB, 312 kB, 1.4 MB: units of 1,000, as in most interfaces. A few bytes count as 1 kB. */
export function formatSize(bytes: number): string {
  const [value, unit] = bytes < 999_500 ? [Math.max(1, bytes / 1000), 'kilobyte'] : [bytes / 1_000_000, 'megabyte']
  const maximumFractionDigits = unit === 'megabyte' && value < 10 ? 1 : 0
  return new Intl.NumberFormat(locale.value, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits,
  }).format(value)
}
