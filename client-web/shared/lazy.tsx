// Parts of a screen that most people never need: their code comes when the first of them is to be shown.

import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

/** `Waiting` stands there meanwhile, and for as long as the code cannot be had; the next one shown asks again. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Waiting: ComponentType<P> = () => null,
): ComponentType<P> {
  const loaded = signal<{ Component: ComponentType<P> } | null>(null)
  let isAsking = false

  async function ask(): Promise<void> {
    if (isAsking || loaded.value) return
    isAsking = true
    try {
      loaded.value = { Component: await load() }
    } catch {
      isAsking = false
    }
  }

  return function Lazy(props: P) {
    useEffect(() => void ask(), [])
    const Shown = loaded.value?.Component ?? Waiting
    return <Shown {...props} />
  }
}
