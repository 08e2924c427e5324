// Times relative to the moment at which the page was opened.

const openedAt = Date.now()

export const minutesAgo = (minutes: number): string => new Date(openedAt - minutes * 60_000).toISOString()
