// npm run restore -- FILE [--force] [--untrusted]: restores a backup into an empty database, or with --force replaces
// the existing content. Until everything is verified and complete, the existing content stays.

import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseEntry } from '#db/backup/backup.ts'
import { restoreDatabase } from '#db/backup/restore.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { uploadsFolder } from '../attachments/attachments.ts'
import { hasRoom } from '../attachments/staged-uploads.ts'
import { verifyingKeys } from './archive/backup-keys.ts'
import { type Archive, isDatabaseEntry, openArchive } from './archive/read-archive.ts'
import { type StagedFiles, stageFiles } from './archive/staged-files.ts'
import { runCommand, withExclusiveAddress } from './run-command.ts'

const usage = 'Usage: npm run restore -- FILE [--force] [--untrusted]'

await runCommand(async (config, args) => {
  const flags = args.filter((arg) => arg.startsWith('--'))
  const [given, ...more] = args.filter((arg) => !arg.startsWith('--'))
  if (given === undefined || more.length > 0 || flags.some((flag) => flag !== '--force' && flag !== '--untrusted'))
    throw new StartError(usage)
  const file = resolve(given)
  const archive = await openArchive(file, {
    keys: verifyingKeys(config),
    allowUntrusted: flags.includes('--untrusted'),
  })
  const uploads = uploadsFolder(config)
  const staging = stageFiles(uploads)
  let files = 0
  try {
    const accounts = await withExclusiveAddress(config, async (address) => {
      mkdirSync(uploads, { recursive: true, mode: 0o700 })
      const needed = config.databaseUrl === null ? archive.contentBytes : archive.fileBytes
      if (!(await hasRoom(uploads, needed)))
        throw new StartError(`The disk of DATA_DIR has no room for this backup: it needs ${needed} bytes.`)
      return await restoreDatabase(address, databaseOf(archive, staging), {
        force: flags.includes('--force'),
        isUntrusted: !archive.isAuthentic,
        log: console.error,
        beforeCommit: async () => {
          files = await staging.moveIntoPlace()
        },
      }).catch(async (error) => {
        await staging.rollBack()
        throw error
      })
    })
    console.log(`Restored the database${files > 0 ? ` and ${files} files` : ''} from ${file}`)
    console.log('All agents have to sign in again. These can:')
    for (const { username, role } of accounts) console.log(`  ${role} ${printable(username)}`)
  } finally {
    await staging.discard()
    await archive.close()
  }
})

/** Yields the database's entries and stages the files. */
async function* databaseOf(archive: Archive, staging: StagedFiles): AsyncGenerator<DatabaseEntry> {
  for await (const entry of archive.entries()) {
    if (isDatabaseEntry(entry)) yield entry
    else await staging.stage(entry)
  }
}

/** Replaces control characters, which could act on the terminal. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
