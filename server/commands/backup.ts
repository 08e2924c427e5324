// npm run backup [-- FILE]: writes one archive of the database and the uploaded files, while Kefu runs or is stopped.

import { join, resolve } from 'node:path'
import { dumpDatabase } from '#db/backup/backup.ts'
import { uploadsFolder } from '../attachments/attachments.ts'
import { signingKey } from './archive/backup-keys.ts'
import { writeArchive } from './archive/write-archive.ts'
import { runCommand, withAddress } from './run-command.ts'

await runCommand(async (config, [given]) => {
  const name = `kefu-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.backup.gz`
  const file = resolve(given ?? join(config.dataDir, 'backups', name))
  await withAddress(config, (address) =>
    writeArchive(file, { database: dumpDatabase(address), uploads: uploadsFolder(config), key: signingKey(config) }),
  )
  console.log(file)
})
