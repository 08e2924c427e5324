// Preloaded into a server whose memory is measured: SIGHUP collects all garbage and returns free memory to the system.

import { Session } from 'node:inspector/promises'

const session = new Session()
session.connect()

process.on('SIGHUP', () => session.post('HeapProfiler.collectGarbage'))
