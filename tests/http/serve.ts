// HTTP servers on a test app's database with other settings, another log or other pages. All of them end with the test.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { App } from '../../server/context.ts'
import type { HttpServer } from '../../server/http/route-auth.ts'
import { createHttpServer } from '../../server/http/server.ts'
import type { Config } from '../../server/process/config.ts'

export interface Served {
  url: string
  port: number
  http: HttpServer
}

export interface ServeOptions {
  config?: Partial<Config>
  /** The folder of the built pages. */
  pages?: string
  /** Registers more routes before the server listens. */
  add?: (http: HttpServer) => void
}

export async function serve(app: App, { config, pages, add }: ServeOptions = {}): Promise<Served> {
  const http = await createHttpServer({ ...app, config: { ...app.config, ...config } }, pages)
  add?.(http)
  await http.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => http.close())
  const { port } = http.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, http }
}

/** A folder with these files, given as path and content. */
export async function folderOf(files: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kefu-pages-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}
