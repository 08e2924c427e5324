// In tests, Kefu's processes share the compile cache of `npm start`, which saves a third of each start. Processes of a
// patched copy do not, because nothing would reuse their entries.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** For the environment of a process whose source is in this folder. */
export function compileCache(source: string): Record<string, string> {
  const folder = process.env.NODE_COMPILE_CACHE
  return folder === undefined || resolve(source) !== resolve(root) ? {} : { NODE_COMPILE_CACHE: folder }
}
