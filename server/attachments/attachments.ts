// The parts behind attachments, assembled: the folder, staged uploads, the inspector, and who gets a slot for an upload.

import { join } from 'node:path'
import type { Logger } from 'pino'
import { budgets } from '../budgets/budgets.ts'
import type { RateLimiter } from '../budgets/rate-limiter.ts'
import type { SlotCounter } from '../budgets/slots.ts'
import type { Config } from '../process/config.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { createFolderStore, type FileStore } from './file-store.ts'
import { createStagedUploads, type StagedUploads } from './staged-uploads.ts'
import { createUploadInspector, type UploadInspector } from './upload-inspector.ts'

export interface UploadSlots {
  /** The body is here: others may send theirs. */
  received(): void
  /** The upload is over; calling it twice does no harm. */
  release(): void
}

export interface Attachments {
  store: FileStore
  staged: StagedUploads
  inspector: UploadInspector
  /** Throws rate_limited when the person or the customer's address has too many uploads under way, overloaded when this node has. */
  acquire(actor: Actor): UploadSlots
  stop(): void
}

/** Of several nodes each has this folder, and it is one: a mount or a link to what they share. */
export const uploadsFolder = ({ dataDir }: Pick<Config, 'dataDir'>) => join(dataDir, 'uploads')
/** Within it, since what is put into the store has to be on its file system. Not part of a backup. */
export const stagedFolder = 'incoming'

interface Parts {
  config: Pick<Config, 'dataDir'>
  log: Logger
  rates: RateLimiter
  slots: SlotCounter
}

export function createAttachments({ config, log, rates, slots }: Parts): Attachments {
  const folder = uploadsFolder(config)
  const inspector = createUploadInspector(log, rates)

  return {
    store: createFolderStore(folder),
    staged: createStagedUploads(join(folder, stagedFolder)),
    inspector,
    acquire(actor) {
      // Agents have slots of their own, so that customers can never hold all.
      const pool = isCustomer(actor) ? 'customerUploadSlots' : 'agentUploadSlots'
      if (slots.held(pool, 'node') >= budgets[pool].concurrent) {
        throw new AppError('overloaded', 'Too many uploads at the same time.', { retryAfterMs: 5_000 })
      }
      const releases = [slots.acquire('uploadSlotsPerPerson', actor.userId)]
      const release = () => {
        for (const each of releases) each()
      }
      try {
        if (isCustomer(actor)) releases.push(slots.acquire('uploadSlotsPerAddress', actor.address.group))
        const received = slots.acquire(pool, 'node')
        releases.push(received)
        return { received, release }
      } catch (error) {
        release()
        throw error
      }
    },
    stop: () => inspector.stop(),
  }
}
