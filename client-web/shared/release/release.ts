// Recognises that the server has another release than this page, whose code it may no longer have. The page then loads
// the new one, as soon as nothing unsent is lost by it.

import { type ReadonlySignal, signal } from '@preact/signals'

const outdated = signal(false)
/** The server has another release. */
export const isOutdated: ReadonlySignal<boolean> = outdated

/** Remembers across the reload which release was loaded, so that a stale cache causes no loop. */
const loadedKey = 'kefu:release'

/** The only way to import code when it is needed. Rejects if it cannot be loaded. */
export async function loadCode<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (await isReplaced()) outdated.value = true
    throw error
  }
}

/** Whether a reload would lose chosen files or interrupt somebody. Stored messages and drafts survive it. */
export function isWorkUnsent(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(
    'input:not([type=file], [type=checkbox], [type=radio]), textarea',
  )
  return (
    document.querySelector('dialog[open], [data-unsent], [data-status=sending]') !== null ||
    [...fields].some((field) => field.value !== field.defaultValue)
  )
}

/** Whether files are chosen, which no reload keeps. */
export const areFilesChosen = (): boolean => document.querySelector('[data-unsent]') !== null

/** False if this page has already reloaded for the new release. */
export async function reloadOnce(): Promise<boolean> {
  const release = await servedRelease()
  try {
    if (release === null || sessionStorage.getItem(loadedKey) === release) return false
    sessionStorage.setItem(loadedKey, release)
  } catch {
    // Without storage a loop could not be noticed.
    return false
  }
  location.reload()
  return true
}

async function isReplaced(): Promise<boolean> {
  const served = await servedRelease()
  return served !== null && served !== ownRelease()
}

const ownRelease = () => document.querySelector('script[type=module][src]')?.getAttribute('src') ?? null

/** The entry script, whose name holds a hash of its content. null if the server cannot be reached. */
async function servedRelease(): Promise<string | null> {
  try {
    const response = await fetch(location.href, { cache: 'no-cache' })
    if (!response.ok) return null
    // Trusted Types forbid the parser.
    return /<script type="module"[^>]*? src="([^"]+)"/.exec(await response.text())?.[1] ?? null
  } catch {
    return null
  }
}
