// Stores the bytes of attachments as files under random names. Another store, such as S3, would implement FileStore.

import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'

export interface StoredFile {
  /** Bytes. */
  size: number
  content: Readable
}

export interface FileStore {
  /** Moves a local file into the store. Durable once it resolves. */
  put(name: string, path: string): Promise<void>
  /** null if it does not exist. The caller must read or destroy the content. */
  open(name: string): Promise<StoredFile | null>
  /** A missing file is not an error: false then. */
  remove(name: string): Promise<boolean>
}

/** One folder shared by all nodes, on the file system of the staged uploads. */
export function createFolderStore(folder: string): FileStore {
  // A subfolder per first two letters keeps folders small.
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
        if (isMissing(error)) return null
        throw error
      }
      const { size } = await file.stat()
      return { size, content: file.createReadStream() }
    },
    async remove(name) {
      try {
        await unlink(pathOf(name))
        return true
      } catch (error) {
        if (isMissing(error)) return false
        throw error
      }
    },
  }
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
