// Loads the code of a rarely needed component when it is first rendered.

import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

/** `Fallback` is rendered until the code is loaded, or if loading failed. The next mount retries. */
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
