// Stages the files of a backup beside the uploads, then moves them into place. Replaced files are kept until the
// restore is complete.

import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open as openFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stagedFolder } from '../../attachments/attachments.ts'
import type { ArchiveEntry } from './archive-format.ts'

export interface StagedFiles {
  /** Stages a `file`, or `bytes` of the preceding one. */
  stage(entry: ArchiveEntry): Promise<void>
  /** Moves all staged files into the uploads and returns how many. */
  moveIntoPlace(): Promise<number>
  /** Restores replaced files and removes the moved ones. */
  rollBack(): Promise<void>
  /** Removes the staging folder. */
  discard(): Promise<void>
}

/** The staging folder is inside `uploads`, since a rename works within one file system. */
export function stageFiles(uploads: string): StagedFiles {
  const folder = join(uploads, stagedFolder, 'restore')
  const [staged, replaced] = [join(folder, 'new'), join(folder, 'replaced')]
  const paths: string[] = []
  const moved: string[] = []
  let open: FileHandle | undefined
  let isReady = false

  async function close() {
    await open?.sync()
    await open?.close()
    open = undefined
  }

  return {
    async stage(entry) {
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
    async moveIntoPlace() {
      await close()
      for (const path of paths) {
        const target = join(uploads, path)
        await mkdir(dirname(target), { recursive: true, mode: 0o700 })
        if (existsSync(target)) {
          await mkdir(dirname(join(replaced, path)), { recursive: true, mode: 0o700 })
          await rename(target, join(replaced, path))
        }
        moved.push(path)
        await rename(join(staged, path), target)
      }
      return paths.length
    },
    async rollBack() {
      for (const path of moved.splice(0)) {
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
