// The log: one JSON object per event on standard output, formatted for people in a terminal. It never holds content,
// tokens, names or addresses.

import { type DestinationStream, type Logger, pino } from 'pino'
import type { ReportServer } from '#db/core/server-watch.ts'

/** Tests pass their own destination. */
export function createLog(level: string, output?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: withoutContent } }
  const destination = output ?? (process.stdout.isTTY ? forPeople : undefined)
  return destination === undefined ? pino(options) : pino(options, destination)
}

const levels: Record<number, string> = { 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' }

/** Time and message, then one line per field, without the node: a terminal shows one process. */
const forPeople: DestinationStream = {
  write(line) {
    const {
      level,
      time,
      msg,
      node: _,
      ...rest
    } = JSON.parse(line) as Record<'time' | 'msg' | 'node', string> & {
      level: number
    }
    const details = Object.entries(rest).map(([name, value]) => {
      return `\n           ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
    })
    process.stdout.write(`${time.slice(11, 19)}   ${levels[level] ?? ''}${msg}${details.join('')}\n`)
  },
}

/** One line for each setting of the database server that stops fitting, or fits again. */
export const logServerProblem =
  (log: Logger): ReportServer =>
  ({ severity, line }, isGone) => {
    if (isGone) log.info(`database server problem gone: ${line}`)
    else log[severity === 'warning' ? 'warn' : 'error'](`database server problem: ${line}`)
  }

/**
 * Keeps name, number and stack of an error: the driver adds whole statements, and with them content, to its messages.
 */
function withoutContent(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code, errno } = error as { code?: unknown; errno?: unknown }
  return {
    type: error.name,
    code,
    errno,
    ...(errno === undefined ? { message: error.message } : {}),
    // The stack starts with the message, and content in it may look like a stack frame.
    stack: error.stack
      ?.replace(error.message, '')
      .split('\n')
      .filter((line) => line.startsWith('    at '))
      .join('\n'),
    ...(error.cause === undefined ? {} : { cause: withoutContent(error.cause) }),
  }
}
