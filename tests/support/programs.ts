// Paths of the servers that some tests need; undefined if missing. npm test has tried to install them by then.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

function find(...names: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin']
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync)
}

/** Debian's redis-tools contain the server under the last of these names, without a service that starts by itself. */
export const findRedis = () => find('redis-server', 'valkey-server', 'redis-check-rdb')

export const findHaproxy = () => find('haproxy')

export const findNginx = () => find('nginx')

/** Any other program, by its name. */
export const findProgram = (name: string) => find(name)
