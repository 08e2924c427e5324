// SQL text that is built together with its parameters. For statements of the hot path whose text varies: Kysely needs
// longer to compile them than the database to execute them.

import { CompiledQuery } from 'kysely'

/** A class, so that no value of a caller can pass for SQL text. */
export class Fragment {
  readonly #texts: readonly string[]
  readonly #values: readonly unknown[]

  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.#texts = texts
    this.#values = values
  }

  compile(): CompiledQuery {
    const parameters: unknown[] = []
    return CompiledQuery.raw(this.#write(parameters), parameters)
  }

  #write(parameters: unknown[]): string {
    let text = this.#texts[0] as string
    for (let index = 0; index < this.#values.length; index++) {
      const value = this.#values[index]
      if (value instanceof Fragment) text += value.#write(parameters)
      else {
        text += '?'
        parameters.push(value)
      }
      text += this.#texts[index + 1]
    }
    return text
  }
}

/** A tagged template. A Fragment in it is SQL text, any other value a parameter; the driver expands a list. */
export const fragment = (texts: TemplateStringsArray, ...values: unknown[]): Fragment => new Fragment(texts, values)

/** At least one. */
export const joinFragments = (fragments: readonly Fragment[]): Fragment =>
  new Fragment(fragments.map((_, index) => (index === 0 ? '' : ', ')).concat(''), fragments)
