// Finds a code snippet in TypeScript source by its syntax tree. Spaces, line breaks, comments, quotes, semicolons and
// parentheses do not count.

import { parseSync } from 'vite'

/** One or more statements, an expression, properties of an object, or calls of a method chain (`.where(a)`). */
type Kind = 'statement' | 'expression' | 'property' | 'chain'

export interface Match {
  start: number
  end: number
  kind: Kind
  /** The nearest named function around it; '' at the top level. */
  within: string
}

interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

interface Pattern {
  kind: Kind
  nodes: Node[]
}

/** Represents the object that a method chain starts from: the snippet `.where(a)` is parsed as `$object.where(a)`. */
const chainObject = '$object'

/** Keys of a syntax node that depend on how the code is written. */
const ignoredKeys = new Set(['start', 'end', 'raw', 'directive'])

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isNode = (value: unknown): value is Node => isObject(value) && typeof value.type === 'string'

/** Undefined when the code has a syntax error. */
function parse(code: string): Node | undefined {
  const { program, errors } = parseSync('source.ts', code, { lang: 'ts', sourceType: 'module', preserveParens: false })
  return errors.length === 0 ? (program as unknown as Node) : undefined
}

export const canParse = (code: string) => parse(code) !== undefined

/** `onObject` receives the node in the place of `chainObject`. */
function isSame(pattern: unknown, found: unknown, onObject: (object: Node) => void): boolean {
  if (isNode(pattern) && isNode(found) && pattern.name === chainObject) {
    onObject(found)
    return true
  }
  if (!isObject(pattern) || !isObject(found)) return (pattern ?? null) === (found ?? null)
  const keys = [...Object.keys(pattern), ...Object.keys(found)].filter((key) => !ignoredKeys.has(key))
  return keys.every((key) => isSame(pattern[key], found[key], onObject))
}

/** The body of an arrow function with this body: `await` and `return` are allowed in it. */
function parseBody(body: string): Node | undefined {
  const [statement] = (parse(`async () => ${body}`)?.body ?? []) as Node[]
  return (statement?.expression as Node | undefined)?.body as Node | undefined
}

/** All readings of a snippet: `a: b` may be a property or a labeled statement. */
function readSnippet(snippet: string): Pattern[] {
  const code = snippet.trim()
  const toPattern = (kind: Kind, ...nodes: unknown[]) => ({ kind, nodes: nodes.filter(isNode) })
  if (code.startsWith('.')) return [toPattern('chain', parseBody(`(${chainObject}${code}\n)`))]
  const expression = parseBody(`(${code}\n)`)
  const properties = (parseBody(`({${code}\n})`)?.properties ?? []) as Node[]
  const statements = ((parseBody(`{${code}\n}`) ?? parse(code))?.body ?? []) as Node[]
  return [
    toPattern('expression', expression),
    toPattern('property', ...properties),
    toPattern('statement', ...(expression ? [] : statements)),
  ]
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** The name of the function that a node declares; '' when it declares none. */
function declaredFunction(node: Node): string {
  const value = node.type === 'FunctionDeclaration' ? node : (node.init ?? node.value)
  const name = node.id ?? node.key
  return isNode(value) && functionTypes.has(value.type) && isNode(name) ? String(name.name ?? '') : ''
}

/** All places that look like the snippet: in the whole source, or in the functions named `within`. */
export function findCode(source: string, snippet: string, within?: string): Match[] {
  const program = parse(source)
  if (program === undefined) throw new Error('the source has a syntax error')
  const patterns = readSnippet(snippet).filter(({ nodes }) => nodes.length > 0)
  if (patterns.length === 0) throw new Error(`not a statement, expression, property or method chain: ${snippet}`)
  const matches = new Map<string, Match>()

  function add(start: number, end: number, kind: Kind, functions: string[]) {
    const isInside = within === undefined || functions.includes(within)
    // Two readings of a snippet match the same place once.
    const key = `${start}:${end}`
    if (isInside && !matches.has(key)) matches.set(key, { start, end, kind, within: functions.at(-1) ?? '' })
  }

  function matchNode(node: Node, parent: Node | undefined, functions: string[]) {
    for (const { kind, nodes } of patterns.filter((pattern) => pattern.nodes.length === 1)) {
      let object: Node | undefined
      if (!isSame(nodes[0], node, (found) => (object = found))) continue
      // A call that is a whole statement can be removed like one.
      const isStatement = kind === 'expression' && parent?.type === 'ExpressionStatement'
      if (isStatement) add(parent.start, parent.end, 'statement', functions)
      else add(object?.end ?? node.start, node.end, kind, functions)
    }
  }

  function matchList(list: Node[], functions: string[]) {
    for (const { kind, nodes } of patterns.filter((pattern) => pattern.nodes.length > 1)) {
      list.forEach((first, index) => {
        const run = list.slice(index, index + nodes.length)
        if (isSame(nodes, run, () => {})) add(first.start, run.at(-1)?.end ?? first.end, kind, functions)
      })
    }
  }

  function visit(node: Node, parent: Node | undefined, outer: string[]) {
    matchNode(node, parent, outer)
    const name = declaredFunction(node)
    const functions = name === '' ? outer : [...outer, name]
    for (const child of Object.values(node)) {
      if (Array.isArray(child)) matchList(child, functions)
      for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) visit(one, node, functions)
    }
  }

  visit(program, undefined, [])
  return [...matches.values()]
}

/** The same for SQL and other plain text, where only the amount of white space does not count. */
export function findText(source: string, snippet: string): Match[] {
  const words = snippet
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return [...source.matchAll(new RegExp(`(?<!\\w)${words.join('\\s+')}(?!\\w)`, 'g'))].map(
    ({ index, 0: { length } }) => ({
      start: index,
      end: index + length,
      kind: 'expression',
      within: '',
    }),
  )
}
