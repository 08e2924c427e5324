// The current route as a signal. Links are plain <a href>; clicks on them stay within the page.

import { computed, signal } from '@preact/signals'
import type { ConversationView } from '#protocol/entities.ts'
import { readRoute, root } from './routes.ts'

const address = signal({ path: location.pathname, search: location.search })

export const route = computed(() => readRoute(address.value.path, address.value.search))

export const paths = {
  inbox: (view: ConversationView) => (view === 'queue' ? root : `${root}?view=${view}`),
  conversation: (id: number, view: ConversationView) =>
    `${root}conversations/${id}${view === 'queue' ? '' : `?view=${view}`}`,
  agents: `${root}agents`,
  sites: `${root}sites`,
  profile: `${root}profile`,
}

function syncAddress(): void {
  address.value = { path: location.pathname, search: location.search }
}

export function navigate(path: string, mode: 'push' | 'replace' = 'push'): void {
  if (mode === 'push') history.pushState(null, '', path)
  else history.replaceState(null, '', path)
  syncAddress()
}

function onLinkClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link?.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return
  if (!link.pathname.startsWith(root) || link.hash !== '') return
  event.preventDefault()
  if (link.href !== location.href) navigate(link.pathname + link.search)
}

/** Follows the URL and clicks on links. */
export function startRouter(): void {
  addEventListener('popstate', syncAddress)
  document.addEventListener('click', onLinkClick)
}
