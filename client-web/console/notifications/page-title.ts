// The tab's title: alert count, page name, product.

import { effect, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

const pageName = signal('')
const count = signal(0)

effect(() => {
  const name = pageName.value === '' ? 'Kefu' : `${pageName.value} · Kefu`
  document.title = count.value > 0 ? `(${count.value}) ${name}` : name
})

export function setTitleCount(value: number): void {
  count.value = value
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    pageName.value = title
  }, [title])
}
