// Edits that let a test control a server from outside: when it dies, and what its clock shows.

import type { Edit } from '../support/patched-source.ts'

/** The content of the message that kills the server. */
export const lastStraw = 'the last straw'

/** An expression that kills the process when DIE_AT names this point and the message is among `contents`. */
const dieAt = (point: string, contents: string) =>
  `process.env.DIE_AT === '${point}' && ${contents}.some(({ content }) => content === '${lastStraw}') && process.kill(process.pid, 'SIGKILL')`

const writer = 'server/messages/write-path/message-writer.ts'
const insert = 'const ids = session && rows.length > 0 ? await insertMessages(trx, rows, session.idStep) : []'
const roundTrip = 'const appended = await appendInOneRoundTrip(db, () => plan(sends))'
const mayAppend = 'canAppendOptimistically(send)'
const publish = 'publishMessages(app, sendsOf(batch), appended)'

/** DIE_AT chooses the point, APPEND=optimistic the write path. */
export const killPoints: Edit[] = [
  {
    file: 'server/messages/write-path/locked-store.ts',
    find: insert,
    put: `${dieAt('before the insert', 'rows')}\n${insert}\n${dieAt('before the commit', 'rows')}`,
    within: 'write',
  },
  {
    file: 'server/messages/write-path/optimistic-store.ts',
    find: roundTrip,
    put: `${dieAt('before the round trip', 'sends')}\n${roundTrip}`,
    within: 'appendOptimistic',
  },
  {
    file: 'server/messages/write-path/optimistic-store.ts',
    find: mayAppend,
    put: `process.env.APPEND === 'optimistic' && ${mayAppend}`,
    within: 'append',
  },
  {
    file: writer,
    find: publish,
    put: `${dieAt('before the event', 'sendsOf(batch)')}\n${publish}\n${dieAt('before the reply', 'sendsOf(batch)')}`,
    within: 'publishAndResolve',
  },
]

/** Each SIGUSR2 sets the clock by the next of these shifts, against the true time. Timers follow the kernel's clock. */
export const movableClock = (shifts: readonly number[]): Edit[] => {
  const loadApp = "const { createApp } = await import('./app.ts')"
  const clock = `const shifts = ${JSON.stringify(shifts)}
  let shift = 0
  const { Date: TrueDate } = globalThis
  globalThis.Date = class extends TrueDate {
    constructor(...given: []) {
      if (given.length === 0) super(TrueDate.now() + shift)
      else super(...given)
    }
    static now() { return TrueDate.now() + shift }
  } as DateConstructor
  process.on('SIGUSR2', () => {
    shift = shifts.shift() ?? 0
    console.log('the clock is set')
  })`
  return [{ file: 'server/main.ts', find: loadApp, put: `${clock}\n  ${loadApp}`, within: 'serveAlone' }]
}
