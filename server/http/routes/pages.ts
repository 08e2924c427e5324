// Serves client-web/dist. Names under /assets/ contain a content hash and are cached forever. Browsers revalidate pages
// and the loader.

import { access } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { ClientId } from '#protocol/schemas.ts'
import type { App } from '../../context.ts'
import { isLocal } from '../../shared/client-address.ts'
import { isAnySiteEmbedded } from '../../sites/cached-sites.ts'
import { siteOrigins } from '../../sites/site-origins.ts'
import { type HttpServer, pages, routeNotFound } from '../route-auth.ts'
import { forAnySite, pageHeaders } from '../security-headers.ts'

const WidgetQuery = Type.Object({ site: Type.Optional(ClientId) })
const AssetParams = Type.Object({ '*': Type.String({ pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]*$' }) })

export async function servePages(app: App, http: HttpServer, root: string): Promise<void> {
  await http.register(fastifyStatic, {
    root,
    serve: false,
    preCompressed: true,
    dotfiles: 'ignore',
    cacheControl: false,
    suppressWarning: true,
  })
  const config = pages

  async function sendPage(reply: FastifyReply, name: string) {
    const file = `${name}/index.html`
    const isBuilt = await access(join(root, file)).then(
      () => true,
      () => false,
    )
    if (!isBuilt) return reply.code(503).type('text/plain; charset=utf-8').send(notBuilt)
    return reply.header('cache-control', 'no-cache').sendFile(file)
  }

  http.get('/', { config }, (_request, reply) => reply.redirect('/console/'))
  for (const name of ['console', 'setup']) {
    for (const url of [`/${name}`, `/${name}/`]) {
      http.get(url, { config, helmet: pageHeaders([]) }, (_request, reply) => sendPage(reply, name))
    }
  }
  for (const url of ['/demo', '/demo/']) {
    http.get(url, { config, helmet: pageHeaders([]) }, async (request, reply) => {
      if (!(await mayShowDemo(app, request.raw))) throw routeNotFound()
      return sendPage(reply, 'demo')
    })
  }
  // Paths of the console's router.
  http.get('/console/*', { config, helmet: pageHeaders([]) }, (_request, reply) => sendPage(reply, 'console'))

  http.get('/widget/', { config, schema: { querystring: WidgetQuery } }, async (request, reply) => {
    reply.helmet(pageHeaders(["'self'", ...(await siteOrigins(app, request.query.site))]))
    return sendPage(reply, 'widget')
  })

  http.get('/kefu.js', { config, helmet: forAnySite }, (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').sendFile('kefu.js'),
  )
  http.get('/assets/*', { config, helmet: forAnySite, schema: { params: AssetParams } }, (request, reply) =>
    reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(`assets/${request.params['*']}`),
  )
}

/** Public until PUBLIC_URL or an origin of a site is set. Then only for this machine, unless DEMO is on. */
async function mayShowDemo(app: App, request: IncomingMessage): Promise<boolean> {
  const { config, db } = app
  if (config.demo || isLocal(config, request)) return true
  return config.publicUrl === null && !(await isAnySiteEmbedded(db))
}

const notBuilt = `The pages of Kefu are not built yet. Run "npm start" to build them, or open the address that "npm run dev" prints.
`
