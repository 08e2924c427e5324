// The routes of the console.

import type { ConversationView } from '#protocol/entities.ts'

export type Route =
  | { page: 'inbox'; view: ConversationView; conversationId: number | null }
  | { page: 'agents' | 'sites' | 'profile' | 'missing' }

export const root = '/console/'
const views: readonly ConversationView[] = ['queue', 'mine', 'all', 'closed']

export function readRoute(path: string, search: string): Route {
  const [page = '', id, ...rest] = path.slice(root.length).split('/').filter(Boolean)
  const requested = new URLSearchParams(search).get('view')
  const view = views.find((name) => name === requested) ?? 'queue'
  if (page === '') return { page: 'inbox', view, conversationId: null }
  if (page === 'conversations' && /^[1-9]\d{0,14}$/.test(id ?? '') && rest.length === 0)
    return { page: 'inbox', view, conversationId: Number(id) }
  if ((page === 'agents' || page === 'sites' || page === 'profile') && id === undefined) return { page }
  return { page: 'missing' }
}
