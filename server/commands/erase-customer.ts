// npm run erase-customer -- ID: deletes everything about a customer and reports what was removed and what remains.

import { StartError } from '#db/embedded/start-error.ts'
import { uploadsFolder } from '../attachments/attachments.ts'
import { createFolderStore } from '../attachments/file-store.ts'
import { type Erasure, eraseCustomer } from '../customers/erase-customer.ts'
import { runCommand, withDatabase } from './run-command.ts'

await runCommand(async (config, [given, ...more]) => {
  const customerId = /^#?[1-9]\d{0,14}$/.test(given ?? '') ? Number(given?.replace('#', '')) : null
  if (customerId === null || more.length > 0)
    throw new StartError('Usage: npm run erase-customer -- ID (the number that the console shows beside the customer)')
  const folder = uploadsFolder(config)
  const erased = await withDatabase(config, (db) => eraseCustomer({ db, store: createFolderStore(folder) }, customerId))
  if (erased === 'agent')
    throw new StartError(`User ${customerId} is an agent or admin, not a customer. Nothing was changed.`)
  if (erased === 'unknown') {
    console.log(`There is no customer ${customerId}, or the customer is already erased. Nothing was changed.`)
    return
  }
  console.log(reportOf(customerId, erased, folder))
})

function reportOf(customerId: number, erased: Erasure, folder: string): string {
  const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`
  return [
    `Erased customer ${customerId}:`,
    `  ${counted(erased.conversations, 'conversation')} with ${counted(erased.messages, 'message')} of both sides, and their read receipts`,
    `  ${counted(erased.uploads, 'upload')}: ${counted(erased.files, 'file')} and ${counted(erased.thumbnails, 'thumbnail')} on disk`,
    `  ${counted(erased.sessions, 'session')}, name, email address, language and the shop's id`,
    ...(erased.emptiedMessages === 0
      ? []
      : [`  the text of ${counted(erased.emptiedMessages, 'message')} in conversations of others`]),
    ...(erased.missingFiles.length === 0
      ? []
      : [`Not found in ${folder}, so remove them where they are:`, ...erased.missingFiles.map((name) => `  ${name}`)]),
    'What remains:',
    '  backups made before now; they keep this customer until you delete them. Erase again after restoring one.',
    '  the ids of the removed conversations, for a day, so that open consoles drop them',
    '  log lines with ids, without names or texts',
  ].join('\n')
}
