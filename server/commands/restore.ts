// npm run restore -- FILE [--force]: puts a backup into an empty database, or with --force in place of what is there.

import { resolve } from 'node:path'
import { restoreDatabase } from '#db/backup.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { prepareDatabase } from '#db/migrate.ts'
import { uploadsFolder } from '../attachments/attachments.ts'
import { checkArchive, readDatabase, writeFiles } from './archive.ts'
import { runCommand, withAddressAlone } from './run-command.ts'

await runCommand(async (config, args) => {
  const force = args.includes('--force')
  const [given, ...more] = args.filter((arg) => arg !== '--force')
  if (given === undefined || more.length > 0) throw new StartError('Usage: npm run restore -- FILE [--force]')
  const file = resolve(given)
  await checkArchive(file)
  await withAddressAlone(config, async (address) => {
    await restoreDatabase(address, readDatabase(file), { force, log: console.error })
    await prepareDatabase(address, console.error)
  })
  const files = await writeFiles(file, uploadsFolder(config))
  console.log(`Restored the database${files > 0 ? ` and ${files} files` : ''} from ${file}`)
})
