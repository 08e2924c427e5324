// Parts of a screen that most people never need: their code comes when the first of them is to be shown.

import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

/** `Waiting` stands there meanwhile, and for as long as the code cannot be had; the next one shown asks again. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Fallback: ComponentType<P> = () => null,
): ComponentType<P> {
  const loaded = signal<{ Component: ComponentType<P> } | null>(null)
  let isLoading = false

  async function loadOnce(): Promise<void> {
    if (isLoading || loaded.value) return
    isLoading = true
    try {
      loaded.value = { Component: await load() }
    } catch {
      isLoading = false
    }
  }

  return function Lazy(props: P) {
    useEffect(() => void loadOnce(), [])
    const Component = loaded.value?.Component ?? Fallback
    return <Component {...props} />
  }
}
