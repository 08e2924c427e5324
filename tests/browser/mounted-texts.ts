// A page whose texts are of the kinds that mount-page.ts treats in its own way. Its button changes the signal.

import { signal } from '@preact/signals'
import { h } from 'preact'
import { mountPage } from '../../client-web/shared/mount-page.ts'

const count = signal(0)
const Component = () => count

mountPage(
  h('main', { style: { display: 'flex', gap: '8px' } }, [
    h('button', { onClick: () => count.value++ }, 'more'),
    ' ',
    h('p', null, count),
    h('p', null, ['of ', count, ' cups']),
    h('p', null, h(Component, null)),
  ]),
)
