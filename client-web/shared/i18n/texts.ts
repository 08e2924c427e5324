// Dictionaries. English is the model: every other language must have the same keys and parameters to compile. A
// text is a string or a function of its parameters. Each surface has its own dictionary, to keep bundles small.

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Language } from '#protocol/entities.ts'
import { language } from './language.ts'

type Text = string | ((...parameters: never[]) => string)

/** The shape of a dictionary. */
export type TextsLike<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...parameters: infer P) => string
      ? (...parameters: P) => string
      : TextsLike<T[K]>
}

export interface TextTree {
  readonly [name: string]: Text | TextTree
}

/** The texts in the current language. A component that reads `.value` re-renders on a switch. */
export function defineTexts<const T extends TextTree>(
  dictionaries: Record<Exclude<Language, 'en'>, TextsLike<T>> & { en: T },
): ReadonlySignal<TextsLike<T>> {
  return computed(() => dictionaries[language.value] as TextsLike<T>)
}

const englishPlurals = new Intl.PluralRules('en')

/** The English singular or plural. Chinese has one form. */
export function plural(count: number, one: string, other: string): string {
  return englishPlurals.select(count) === 'one' ? one : other
}
