// The widget's page API on the setup page. The CSP forbids scripts to add scripts, so
// the loader is in the HTML; this queue stops it from booting before there is a site.

interface PageApi {
  (method: 'boot', options: { site: string }): void
  (method: 'open'): void
  (method: 'on', event: 'ready', listener: () => void): void
  q?: unknown[]
  /** Set once the loader has run. */
  isLoaded?: true
}

const page = globalThis as typeof globalThis & { Kefu?: PageApi }

export function queueCalls(): void {
  const queue: unknown[] = []
  page.Kefu = Object.assign((...call: unknown[]) => void queue.push(call), { q: queue }) as PageApi
}

export const pageApi = (): PageApi => page.Kefu as PageApi
