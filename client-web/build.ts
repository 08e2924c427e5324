// Builds everything the browser loads into client-web/dist: the pages, the loader, and .gz
// and .br files where they save bytes. The build runs in its own folder and is swapped in
// as a whole, so a running server never serves half of it. .stamp holds the build time. The code of the release before
// it stays, for pages that are open.

import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { build } from 'vite'
import { keepLastRelease } from './keep-last-release.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const finished = path('dist')
const next = path('dist-next')
const last = path('dist-last')
const compressible = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt'])

async function compress(file: string): Promise<void> {
  const content = await readFile(file)
  const smaller = {
    gz: await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
    br: await promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  }
  for (const [ending, bytes] of Object.entries(smaller)) {
    if (bytes.length < content.length) await writeFile(`${file}.${ending}`, bytes)
  }
}

async function buildInto(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true })
  for (const [index, config] of ['vite.config.ts', 'vite.widget.config.ts', 'vite.loader.config.ts'].entries()) {
    await build({ configFile: path(config), logLevel: 'warn', build: { outDir, emptyOutDir: index === 0 } })
  }
  for (const entry of await readdir(outDir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && compressible.has(extname(entry.name))) await compress(join(entry.parentPath, entry.name))
  }
  await writeFile(join(outDir, '.stamp'), `${new Date().toISOString()}\n`)
}

await buildInto(next)
await keepLastRelease(finished, next)
await rm(last, { recursive: true, force: true })
await rename(finished, last).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
})
await rename(next, finished)
await rm(last, { recursive: true, force: true })
