// The parts behind attachments, assembled: the folder, what is coming in, who looks at it, and how much at once.

import { join } from 'node:path'
import type { Logger } from 'pino'
import { limits } from '#protocol/limits.ts'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { createExaminer, type Examiner } from './examiner.ts'
import { createFolderStore, type FileStore } from './file-store.ts'
import { createIncoming, type Incoming } from './incoming.ts'

export interface Attachments {
  store: FileStore
  incoming: Incoming
  examiner: Examiner
  /** Takes one of the places for uploads, of the node and of the person; answers how to give it back. Throws overloaded. */
  begin(userId: number): () => void
  stop(): void
}

/** Of several nodes each has this folder, and it is one: a mount or a link to what they share. */
export const uploadsFolder = ({ dataDir }: Pick<Config, 'dataDir'>) => join(dataDir, 'uploads')
/** Within it, since what is put into the store has to be on its file system. Not part of a backup. */
export const incomingFolder = 'incoming'

export function createAttachments(config: Pick<Config, 'dataDir'>, log: Logger): Attachments {
  const folder = uploadsFolder(config)
  const uploading = new Map<number, number>()
  let inAll = 0
  const examiner = createExaminer(log)

  return {
    store: createFolderStore(folder),
    incoming: createIncoming(join(folder, incomingFolder)),
    examiner,
    begin(userId) {
      const own = uploading.get(userId) ?? 0
      if (inAll >= limits.uploadsAtOnce || own >= limits.uploadsAtOncePerPerson) {
        throw new AppError('overloaded', 'Too many uploads at once.')
      }
      inAll += 1
      uploading.set(userId, own + 1)
      return () => {
        inAll -= 1
        const left = (uploading.get(userId) ?? 1) - 1
        if (left > 0) uploading.set(userId, left)
        else uploading.delete(userId)
      }
    },
    stop: () => examiner.stop(),
  }
}
