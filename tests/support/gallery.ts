// The component gallery on a port of its own. `npm run dev` serves the same page; no Kefu does.

import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastify from 'fastify'
import { build, type Rolldown } from 'vite'
import { pagesConfig } from '../../client-web/vite.config.ts'

export type Theme = 'light' | 'dark'

export interface ServedGallery {
  url(choices: { theme: Theme; language: 'en' | 'zh-CN'; section?: string }): string
  /** The exports of each module that its bundle contains, by path. */
  exports: ReadonlyMap<string, readonly string[]>
  /** The source of its bundle. */
  code: string
  close(): Promise<void>
}

/** Builds the gallery into a folder of the caller's and serves it. */
export async function serveGallery(folder: string): Promise<ServedGallery> {
  const outDir = join(folder, 'gallery')
  const { build: options, ...config } = pagesConfig(['gallery'])
  const { output } = (await build({
    ...config,
    configFile: false,
    logLevel: 'error',
    build: { ...options, outDir },
  })) as Rolldown.RolldownOutput
  const chunks = output.filter((each) => each.type === 'chunk')
  const server = fastify()
  await server.register(fastifyStatic, { root: outDir })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: (choices) => `${address}/gallery/?${new URLSearchParams(choices)}`,
    exports: new Map(
      chunks.flatMap(({ modules }) =>
        Object.entries(modules).map(([id, { renderedExports }]) => [id, renderedExports]),
      ),
    ),
    code: chunks.map(({ code }) => code).join('\n'),
    close: () => server.close(),
  }
}
