// The console's routes by URL.

import { expect, test } from 'vitest'
import { readRoute } from '../../client-web/console/routes.ts'
import { originOf } from '../../client-web/shared/site/origin-of.ts'

test.each([
  ['/console', '', { page: 'inbox', view: 'queue', conversationId: null }],
  ['/console/', '', { page: 'inbox', view: 'queue', conversationId: null }],
  ['/console/', '?view=mine', { page: 'inbox', view: 'mine', conversationId: null }],
  ['/console/', '?view=nonsense', { page: 'inbox', view: 'queue', conversationId: null }],
  ['/console/conversations/12', '?view=all', { page: 'inbox', view: 'all', conversationId: 12 }],
  ['/console/conversations/0', '', { page: 'missing' }],
  ['/console/conversations/x', '', { page: 'missing' }],
  ['/console/conversations/12/more', '', { page: 'missing' }],
  ['/console/agents', '', { page: 'agents' }],
  ['/console/agents/3', '', { page: 'missing' }],
  ['/console/nothing', '', { page: 'missing' }],
])('%s%s opens its route', (path, search, route) => {
  expect(readRoute(path, search)).toEqual(route)
})

test.each([
  ['https://shop.example', 'https://shop.example'],
  ['shop.example', 'https://shop.example'],
  ['http://127.0.0.1:8080/a?b#c', 'http://127.0.0.1:8080'],
  ['https://SHOP.example/', 'https://shop.example'],
  ['ftp://shop.example', null],
  ['javascript:alert(1)', null],
  ['two words', null],
  ['https://shop.example:99999', null],
  ['', null],
])('the origin of "%s" is extracted', (entered, origin) => {
  expect(originOf(entered)).toBe(origin)
})
