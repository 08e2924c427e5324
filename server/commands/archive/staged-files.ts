// The files of a backup, first beside the uploads and then among them. Whatever they replace is kept until the restore is complete.

import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open as openFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stagedFolder } from '../../attachments/attachments.ts'
import type { ArchiveEntry } from './archive-format.ts'

export interface StagedFiles {
  /** Takes a `file` or the `bytes` of the one before it. */
  take(entry: ArchiveEntry): Promise<void>
  /** Moves all of them among the uploads. */
  place(): Promise<number>
  /** Puts back what was replaced and removes what was placed. */
  undo(): Promise<void>
  /** Removes what is left of the staging. */
  discard(): Promise<void>
}

/** Within the folder, since moving works on one file system alone. */
export function stageFiles(uploads: string): StagedFiles {
  const folder = join(uploads, stagedFolder, 'restore')
  const [staged, replaced] = [join(folder, 'new'), join(folder, 'replaced')]
  const paths: string[] = []
  const placed: string[] = []
  let open: FileHandle | undefined
  let isReady = false

  async function close() {
    await open?.sync()
    await open?.close()
    open = undefined
  }

  return {
    async take(entry) {
      if (entry.kind === 'bytes') {
        await open?.writeFile(Buffer.from(entry.base64, 'base64'))
      } else if (entry.kind === 'file') {
        await close()
        if (!isReady) await rm(folder, { recursive: true, force: true })
        isReady = true
        const path = join(staged, entry.path)
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        open = await openFile(path, 'wx', 0o600)
        paths.push(entry.path)
      }
    },
    async place() {
      await close()
      for (const path of paths) {
        const target = join(uploads, path)
        await mkdir(dirname(target), { recursive: true, mode: 0o700 })
        if (existsSync(target)) {
          await mkdir(dirname(join(replaced, path)), { recursive: true, mode: 0o700 })
          await rename(target, join(replaced, path))
        }
        placed.push(path)
        await rename(join(staged, path), target)
      }
      return paths.length
    },
    async undo() {
      for (const path of placed.splice(0)) {
        if (existsSync(join(replaced, path))) await rename(join(replaced, path), join(uploads, path))
        else await rm(join(uploads, path), { force: true })
      }
    },
    async discard() {
      await open?.close().catch(() => {})
      open = undefined
      if (isReady) await rm(folder, { recursive: true, force: true })
    },
  }
}
