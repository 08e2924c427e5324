// The tab's title: alert count, page name, product.

import { effect, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { limits } from '#protocol/limits/wire.ts'
import { formatCount } from '../../shared/i18n/formats.ts'

const pageName = signal('')
const count = signal(0)

effect(() => {
  const name = pageName.value === '' ? 'Kefu' : `${pageName.value} · Kefu`
  document.title = count.value > 0 ? `(${formatCount(count.value, limits.countCap)}) ${name}` : name
})

export function setTitleCount(value: number): void {
  count.value = value
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    pageName.value = title
  }, [title])
}
