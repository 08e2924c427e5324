// Formats times and numbers for the reader's language, region and time zone. Times are ISO 8601 strings.

import { dayKey } from './day-key.ts'
import { locale } from './language.ts'

const formatters = new Map<string, Intl.DateTimeFormat>()

function format(iso: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale.value} ${JSON.stringify(options)}`
  let formatter = formatters.get(key)
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(locale.value, options)
    formatters.set(key, formatter)
  }
  return formatter.format(new Date(iso))
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** 14:05 or 2:05 PM, depending on the locale. */
export function formatTime(iso: string): string {
  return format(iso, { hour: 'numeric', minute: '2-digit' })
}

/** Full date, time and zone, for tooltips. */
export function formatDateTime(iso: string): string {
  return format(iso, { dateStyle: 'full', timeStyle: 'long' })
}

/** Short date and time, for tables and details. */
export function formatShortDateTime(iso: string): string {
  return format(iso, { dateStyle: 'medium', timeStyle: 'short' })
}

export function formatDate(iso: string): string {
  return format(iso, { dateStyle: 'medium' })
}

function daysBetween(iso: string, now: number): number {
  return Math.round((Date.parse(dayKey(now)) - Date.parse(dayKey(iso))) / day)
}

function relative(value: number, unit: Intl.RelativeTimeFormatUnit, style: Intl.RelativeTimeFormatStyle): string {
  return new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto', style }).format(value, unit)
}

/** Heading above a day's messages: Today, Yesterday, Monday, 3 November, 3 November 2025. `now` is in milliseconds. */
export function formatDay(iso: string, now: number): string {
  const days = daysBetween(iso, now)
  if (days === 0 || days === 1) {
    const word = relative(-days, 'day', 'long')
    return word.charAt(0).toLocaleUpperCase(locale.value) + word.slice(1)
  }
  if (days > 1 && days < 7) return format(iso, { weekday: 'long' })
  const sameYear = new Date(iso).getFullYear() === new Date(now).getFullYear()
  return format(iso, sameYear ? { day: 'numeric', month: 'long' } : { dateStyle: 'long' })
}

/** The shortest unambiguous form: a time for today, then yesterday, a weekday, a date. `now` is in milliseconds. */
export function formatStamp(iso: string, now: number): string {
  const days = daysBetween(iso, now)
  if (days <= 0) return formatTime(iso)
  if (days === 1) return relative(-1, 'day', 'long')
  if (days < 7) return format(iso, { weekday: 'short' })
  const sameYear = new Date(iso).getFullYear() === new Date(now).getFullYear()
  return format(iso, sameYear ? { day: 'numeric', month: 'short' } : { dateStyle: 'short' })
}

/** Elapsed time, rounded down to its largest unit: <1 min, 3 min, 2 hr, 4 days. `now` is in milliseconds. */
export function formatDuration(sinceIso: string, now: number): string {
  const passed = Math.max(0, now - Date.parse(sinceIso))
  const [value, unit] =
    passed < hour ? [passed / minute, 'minute'] : passed < day ? [passed / hour, 'hour'] : [passed / day, 'day']
  const formatted = new Intl.NumberFormat(locale.value, {
    style: 'unit',
    unit: unit as string,
    unitDisplay: 'short',
    maximumFractionDigits: 0,
    roundingMode: 'floor',
  } as Intl.NumberFormatOptions).format(Math.max(1, value as number))
  return passed < minute ? `<${formatted}` : formatted
}

/** Names one after the other, as the language joins them. */
export function formatList(names: readonly string[]): string {
  return new Intl.ListFormat(locale.value, { type: 'conjunction' }).format(names)
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(locale.value).format(value)
}

/** A count that the server may cap: 999+ above the cap. */
export function formatCount(value: number, cap: number): string {
  return value > cap ? `${formatNumber(cap)}+` : formatNumber(value)
}
