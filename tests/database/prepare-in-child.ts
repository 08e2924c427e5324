// Prepares the database whose URL is on stdin, in a process that a test can kill.

import { text } from 'node:stream/consumers'
import { prepareDatabase } from '#db/schema/migrate.ts'

const url = await text(process.stdin)
process.stdout.write('begun\n')
await prepareDatabase({ url })
