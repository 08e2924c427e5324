// The keys that authenticate backups. They derive from secrets outside of every archive, so access to an archive is not
// enough to sign it.

import { createHmac } from 'node:crypto'
import { tryLock } from '#db/embedded/data-directory.ts'
import type { Config } from '../../process/config.ts'
import { keptJwtSecret, loadJwtSecrets } from '../../process/secrets.ts'

const derive = (secret: string) => createHmac('sha256', secret).update('kefu backup archive').digest()

/** Signs new archives. Derived from BACKUP_KEY, else from the secret that signs tokens, which is created if missing. */
export function signingKey(config: Config): Buffer {
  if (config.backupKeys !== null) return derive(config.backupKeys[0] as string)
  tryLock(config.dataDir)
  return derive(loadJwtSecrets(config)[0] as string)
}

/** All keys whose archives count as this installation's. Creates none. */
export function verifyingKeys(config: Config): Buffer[] {
  const kept = config.jwtSecrets ?? [keptJwtSecret(config)].filter((secret) => secret !== null)
  return [...(config.backupKeys ?? []), ...kept].map(derive)
}
