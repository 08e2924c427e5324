// Calendar days, the same in every language.

/** The calendar day in the reader's time zone, as a sortable key: 2026-11-23. */
export function dayKey(iso: string | number): string {
  const date = new Date(iso)
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`
}
