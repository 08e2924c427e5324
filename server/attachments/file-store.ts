// Where the bytes of attachments are kept: files under random names. This is all that another kind of store (S3, say) would have to do.

import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'

export interface StoredFile {
  /** Bytes. */
  size: number
  content: Readable
}

export interface FileStore {
  /** Takes a file of this disk over. It survives whatever happens once this resolves. */
  put(name: string, path: string): Promise<void>
  /** null where there is none. Who is answered reads the content or destroys it. */
  open(name: string): Promise<StoredFile | null>
  /** One that is not there is fine. */
  remove(name: string): Promise<void>
}

/** In one folder, which all nodes share; what is put has to be on the same file system. */
export function createFolderStore(folder: string): FileStore {
  // By the first two letters, so that no folder gets too many.
  const pathOf = (name: string) => join(folder, name.slice(0, 2), name)

  return {
    async put(name, path) {
      const target = pathOf(name)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await flush(path)
      await rename(path, target)
      await flush(dirname(target))
    },
    async open(name) {
      let file: FileHandle
      try {
        file = await open(pathOf(name), 'r')
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      }
      const { size } = await file.stat()
      return { size, content: file.createReadStream() }
    },
    remove: (name) => rm(pathOf(name), { force: true }),
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
