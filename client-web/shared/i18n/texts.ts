// Dictionaries: English is the model, and every other language must have the same texts with the same parameters or it does not compile.
// A text is a string, or a function of what it names. Each surface defines its own, so that none carries another's words.

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Language } from '#protocol/entities.ts'
import { language } from './language.ts'

type Text = string | ((...parameters: never[]) => string)

/** The shape of a dictionary, whatever its words. */
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

/** The words in the language now shown; a component that reads `.value` follows a switch. */
export function defineTexts<const T extends TextTree>(
  dictionaries: Record<Exclude<Language, 'en'>, TextsLike<T>> & { en: T },
): ReadonlySignal<TextsLike<T>> {
  return computed(() => dictionaries[language.value] as TextsLike<T>)
}

const englishPlurals = new Intl.PluralRules('en')

/** The English form that fits a number. Chinese has one form and needs no rule. */
export function plural(count: number, one: string, other: string): string {
  return englishPlurals.select(count) === 'one' ? one : other
}
