// The language of this browser: the stored choice, else the browser's language, else English.

import { computed, effect, signal } from '@preact/signals'
import type { Language } from '#protocol/entities.ts'
import { openStorage } from '../storage/storage.ts'

export const languages: readonly { value: Language; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'zh-CN', label: '简体中文' },
]

const storage = openStorage('kefu:')

/** The supported language for a BCP 47 tag such as zh-Hans-CN or en-GB; null if there is none. */
export function nearestLanguage(tag: string): Language | null {
  const primary = tag.toLowerCase().split('-')[0]
  if (primary === 'zh') return 'zh-CN'
  return primary === 'en' ? 'en' : null
}

function browserLanguage(): Language {
  for (const tag of navigator.languages) {
    const language = nearestLanguage(tag)
    if (language) return language
  }
  return 'en'
}

export const language = signal<Language>(nearestLanguage(storage.get('language') ?? '') ?? browserLanguage())

/**
 * Locale for dates and numbers: the browser's regional variant of the language (en-GB for English), else the language.
 */
export const locale = computed(
  () => navigator.languages.find((tag) => nearestLanguage(tag) === language.value) ?? language.value,
)

effect(() => {
  document.documentElement.lang = language.value
})

/** Switches the language and stores the choice. */
export function setLanguage(value: Language): void {
  language.value = value
  storage.set('language', value)
}
