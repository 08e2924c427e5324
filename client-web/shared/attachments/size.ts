// How large a file is, in words.

import { locale } from '../i18n/language.ts'

/** 312 kB, 1.4 MB. `bytes` of 1,000, as units on screens are. */
export function formatSize(bytes: number): string {
  const [value, unit] = bytes < 999_500 ? [bytes / 1000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte']
  const options = { style: 'unit', unit, unitDisplay: 'short', maximumSignificantDigits: value < 100 ? 2 : 3 } as const
  return new Intl.NumberFormat(locale.value, options).format(Math.max(value, 0.1))
}
