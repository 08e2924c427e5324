// The process that looks at uploads: one question, one answer, and out of the way of people who talk.

import { setPriority } from 'node:os'
import { examineFile, type Question } from './examine-file.ts'

setPriority(19)
// Ctrl-C is the parent's to act upon.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.on('message', async (question: Question) => process.send?.(await examineFile(question)))
