// The log: one JSON line an event, on standard output; in a terminal the same for people. Never content, tokens, names or addresses of people.

import { type DestinationStream, type Logger, pino } from 'pino'

/** Tests let it write elsewhere. */
export function createLog(level: string, to?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: withoutContent } }
  const destination = to ?? (process.stdout.isTTY ? forPeople : undefined)
  return destination === undefined ? pino(options) : pino(options, destination)
}

const levels: Record<number, string> = { 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' }

/** Time, message and what goes with it, a line each. */
const forPeople: DestinationStream = {
  write(line) {
    const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: string; msg: string }
    const details = Object.entries(rest).map(([name, value]) => {
      return `\n           ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
    })
    process.stdout.write(`${time.slice(11, 19)}   ${levels[level] ?? ''}${msg}${details.join('')}\n`)
  },
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
    // The message comes first in it, and a line of what somebody wrote may look like a line of the stack.
    stack: error.stack
      ?.replace(error.message, '')
      .split('\n')
      .filter((line) => line.startsWith('    at '))
      .join('\n'),
    ...(error.cause === undefined ? {} : { cause: withoutContent(error.cause) }),
  }
}
