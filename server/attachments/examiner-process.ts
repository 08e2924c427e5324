// The process that looks at uploads: one question, one answer, and out of the way of people who talk.

import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { examineFile, type Question } from './examine-file.ts'

setPriority(19)
try {
  // Where memory runs out, Linux ends this process and not the server.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // Another system.
}
// Ctrl-C is the parent's to act upon.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.on('message', async (question: Question) => process.send?.(await examineFile(question)))
