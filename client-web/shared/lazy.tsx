// Loads the code of a rarely needed component when it is first rendered. Retries until it has it, or until the page is
// outdated.

import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { backoffMs } from './connection/backoff.ts'
import { isOutdated, loadCode } from './release/release.ts'

/** `Fallback` is rendered until the code is loaded. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Fallback: ComponentType<P> = () => null,
): ComponentType<P> {
  const loaded = signal<{ Component: ComponentType<P> } | null>(null)
  let isLoading = false
  let failures = 0

  async function loadOnce(): Promise<void> {
    if (isLoading || loaded.value) return
    isLoading = true
    try {
      loaded.value = { Component: await loadCode(load) }
    } catch {
      isLoading = false
      if (!isOutdated.value) setTimeout(loadOnce, backoffMs(++failures))
    }
  }

  return function Lazy(props: P) {
    useEffect(() => void loadOnce(), [])
    const Component = loaded.value?.Component ?? Fallback
    return <Component {...props} />
  }
}
