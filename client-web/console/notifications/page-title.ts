// The tab's title: how many conversations call, then where one is, then the product.

import { effect, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

const place = signal('')
const count = signal(0)

effect(() => {
  const name = place.value === '' ? 'Kefu' : `${place.value} · Kefu`
  document.title = count.value > 0 ? `(${count.value}) ${name}` : name
})

export function setTitleCount(value: number): void {
  count.value = value
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    place.value = title
  }, [title])
}
