// What the gallery shows: theme, language, and one section or all. The URL holds it, so that a link shows the same page
// to everyone.

import { effect, signal } from '@preact/signals'
// Imported before the effect below: the console applies its own stored theme when it is imported.
import { type Theme, themes } from '../console/preferences.ts'
import { language, nearestLanguage } from '../shared/i18n/language.ts'

const parameters = new URLSearchParams(location.search)
export const theme = signal<Theme>(themes.find((value) => value === parameters.get('theme')) ?? 'system')
/** The name of the only section shown; null for all. */
export const section = parameters.get('section')
language.value = nearestLanguage(parameters.get('language') ?? '') ?? language.value

/** The query string of the current theme and language with this section. */
export function queryOf(name: string | null): string {
  const choices = { theme: theme.value, language: language.value, ...(name !== null && { section: name }) }
  return `?${new URLSearchParams(choices)}`
}

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
  history.replaceState(null, '', queryOf(section))
})
