// Keeps the code of the last release beside a new one, for pages that are open. .release lists the names of a build's
// own code, so that no older code stays.

import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** `last` and `next` are folders of built pages; `last` may be missing. */
export async function keepLastRelease(last: string, next: string): Promise<void> {
  const own = await readdir(join(next, 'assets'))
  await writeFile(join(next, '.release'), own.join('\n'))
  const stored = await readdir(join(last, 'assets')).catch((): string[] => [])
  const listed = await readFile(join(last, '.release'), 'utf8').then(
    (text) => text.split('\n'),
    () => stored,
  )
  // The same release built again keeps what it has kept.
  const isSame = listed.length === own.length && listed.every((name) => own.includes(name))
  for (const name of stored.filter((each) => !own.includes(each) && (isSame || listed.includes(each))))
    await copyFile(join(last, 'assets', name), join(next, 'assets', name))
}
