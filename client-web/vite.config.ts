// Builds the console and setup pages into hashed chunks under /assets/; vite.widget.config.ts builds the
// customer's pages. Nothing may be inlined into the HTML: the CSP forbids inline scripts and styles.

import { fileURLToPath } from 'node:url'
import preact from '@preact/preset-vite'
import { defineConfig, type Plugin, type UserConfig } from 'vite'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Browsers with light-dark(), <dialog> and CSS nesting. */
export const browsers = ['chrome123', 'edge123', 'firefox121', 'safari17.5']

/** Script-rendered pages block their first paint, so that the wrong theme never flashes. */
function paintWithScript(pages: string[]): Plugin {
  return {
    name: 'paint-with-script',
    transformIndexHtml: {
      order: 'post',
      handler: (html, { path: page }) =>
        pages.includes(page) ? html.replace('<script type="module"', '<script type="module" blocking="render"') : html,
    },
  }
}

/** In development the console's routes serve its page, as on the server. */
function consoleAddresses(): Plugin {
  return {
    name: 'console-addresses',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const isPage = request.url?.startsWith('/console/') && request.headers.accept?.includes('text/html')
        if (isPage) request.url = '/console/index.html'
        next()
      })
    },
  }
}

/** Pages that share chunks with each other and with no others. */
export function pagesConfig(pages: string[]): UserConfig {
  return {
    root: path('.'),
    base: '/',
    publicDir: false,
    plugins: [
      preact({ devToolsEnabled: false }),
      paintWithScript(['/console/index.html', '/setup/index.html']),
      consoleAddresses(),
    ],
    build: {
      target: browsers,
      outDir: path('dist'),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: pages.map((page) => path(`${page}/index.html`)),
      },
    },
  }
}

export default defineConfig(pagesConfig(['console', 'setup']))
