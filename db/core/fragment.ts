// SQL text that is built together with its parameters. For statements of the hot path whose text varies: Kysely needs
// longer to compile them than the database to execute them.

import { CompiledQuery } from 'kysely'

/** A class, so that no value of a caller can pass for SQL text. */
export class Fragment {
  readonly text: string
  readonly parameters: readonly unknown[]

  constructor(text: string, parameters: readonly unknown[]) {
    this.text = text
    this.parameters = parameters
  }

  compile(): CompiledQuery {
    return CompiledQuery.raw(this.text, [...this.parameters])
  }
}

/** A tagged template. A Fragment in it is SQL text, any other value a parameter; the driver expands a list. */
export function fragment(strings: TemplateStringsArray, ...values: unknown[]): Fragment {
  const parameters: unknown[] = []
  let text = strings[0] as string
  values.forEach((value, index) => {
    if (value instanceof Fragment) parameters.push(...value.parameters)
    else parameters.push(value)
    text += (value instanceof Fragment ? value.text : '?') + strings[index + 1]
  })
  return new Fragment(text, parameters)
}

export const joinFragments = (fragments: readonly Fragment[]): Fragment =>
  new Fragment(
    fragments.map(({ text }) => text).join(', '),
    fragments.flatMap(({ parameters }) => parameters),
  )
