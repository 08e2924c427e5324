// Preloaded into a server whose memory is measured (with --expose-gc): SIGUSR2 collects garbage as V8 does under load, SIGHUP all of it,
// and gives what is free back to the system, as after a long quiet time.

import { Session } from 'node:inspector/promises'

const { gc } = globalThis
const session = new Session()
session.connect()

process.on('SIGUSR2', () => gc?.())
process.on('SIGHUP', () => session.post('HeapProfiler.collectGarbage'))
