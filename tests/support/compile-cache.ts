// Kefu's own processes keep in tests what was compiled where `npm start` keeps it, which is a third of the work of each start; not those of a
// patched copy, which would leave there what nobody starts again.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** For the environment of a process whose source is there. */
export function compileCache(source: string): Record<string, string> {
  const folder = process.env.NODE_COMPILE_CACHE
  return folder === undefined || resolve(source) !== resolve(root) ? {} : { NODE_COMPILE_CACHE: folder }
}
