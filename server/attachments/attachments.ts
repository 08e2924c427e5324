// Assembles the parts of attachments: the store, staged uploads, the inspector, and the slots for uploads.

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
  /** Frees the node's slot once the body has arrived. */
  received(): void
  /** Frees all slots at the end of the upload. Idempotent. */
  release(): void
}

export interface Attachments {
  store: FileStore
  staged: StagedUploads
  inspector: UploadInspector
  /**
   * Throws rate_limited if the person or the customer's address has too many active uploads, overloaded if this node
   * has.
   */
  acquire(actor: Actor): UploadSlots
  stop(): void
}

/** Shared by all nodes, as a mount or a link. */
export const uploadsFolder = ({ dataDir }: Pick<Config, 'dataDir'>) => join(dataDir, 'uploads')
/** A subfolder of the uploads, since the store renames within one file system. Not part of a backup. */
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
      // Agents have separate slots, which customers cannot hold.
      const pool = isCustomer(actor) ? 'customerUploadSlots' : 'agentUploadSlots'
      if (slots.held(pool, 'node') >= budgets[pool].concurrent) {
        throw new AppError('overloaded', 'Too many uploads are in progress. Try again.', { retryAfterMs: 5_000 })
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
