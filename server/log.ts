// The log: one JSON line an event, on standard output. Never content, tokens, names or addresses of people.

import { type DestinationStream, type Logger, pino } from 'pino'

/** Tests let it write elsewhere. */
export function createLog(level: string, to?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: withoutContent } }
  return to === undefined ? pino(options) : pino(options, to)
}

/** The driver puts whole statements, and with them content, on its errors: a name, a number and the place are enough. */
function withoutContent(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code, errno } = error as { code?: unknown; errno?: unknown }
  return {
    type: error.name,
    code,
    errno,
    ...(errno === undefined ? { message: error.message } : {}),
    stack: error.stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .join('\n'),
    ...(error.cause === undefined ? {} : { cause: withoutContent(error.cause) }),
  }
}
