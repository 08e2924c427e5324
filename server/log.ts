// The log: one JSON line an event, on standard output. Never content, tokens, names or addresses of people.

import { type Logger, pino } from 'pino'

export function createLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })
}
