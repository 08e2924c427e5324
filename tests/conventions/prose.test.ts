// Sentences in the docs are short. Only prose counts: no tables, code, headings or link lists.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const averageWords = 16
/** A shorter fragment, such as an entry of a table of contents, would lower the average. */
const fragmentWords = 4

/** The sentences of a Markdown text. A list item or paragraph ends its last sentence. */
function sentencesOf(markdown: string): string[] {
  const prose = markdown
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .split('\n')
    .map((line) => (/^\s*(\||#|!\[|<)/.test(line) ? '' : line))
    .join('\n')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s*(?:[-*]|\d+\.)\s+(?:\[[A-Z]{2}\d+[a-z]?\]\s*)?/gm, '\n\n')
  return prose
    .split(/\n\s*\n/)
    .flatMap((paragraph) => paragraph.replace(/\s+/g, ' ').split(/(?<=[.!?]["')\]]?)\s+(?=["'`([]?[A-Z\d`/])/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[a-z]/i.test(sentence))
}

const countWords = (text: string): number => text.split(/\s+/).filter((word) => /[a-z\d]/i.test(word)).length

function averageOf(sentences: readonly string[]): number {
  const counts = sentences.map(countWords).filter((count) => count >= fragmentWords)
  return counts.reduce((sum, count) => sum + count, 0) / counts.length
}

describe('the docs', () => {
  it.each([
    'README.md',
    'PROTOCOL.md',
    'docs/ARCHITECTURE.md',
    'docs/DATABASE.md',
    'docs/DELIVERY.md',
    'docs/message-path.md',
  ])(`%s averages at most ${averageWords} words per sentence`, (file) => {
    const sentences = sentencesOf(readFileSync(join(root, file), 'utf8'))
    const longest = sentences.toSorted((a, b) => countWords(b) - countWords(a)).slice(0, 5)
    expect(averageOf(sentences), `the longest sentences:\n${longest.join('\n')}`).toBeLessThanOrEqual(averageWords)
  })

  it('ARCHITECTURE.md has at most 1,500 words', () => {
    expect(countWords(readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8'))).toBeLessThanOrEqual(1_500)
  })
})

describe('the count of words', () => {
  it('separates sentences, paragraphs and list items', () => {
    const text =
      '# Title\n\nOne sentence here: `a` and b. And a\nsecond one (Really.) Third!\n\n| a | table |\n\n- [CS1] A rule. It ends.\n- Item\n'
    expect(sentencesOf(text)).toEqual([
      'One sentence here: `a` and b.',
      'And a second one (Really.)',
      'Third!',
      'A rule.',
      'It ends.',
      'Item',
    ])
  })

  it('ignores code and comments', () => {
    expect(sentencesOf('Before.\n\n```sh\nnpm start. Now.\n```\n\n<!-- Hidden. -->\n\nAfter.')).toEqual([
      'Before.',
      'After.',
    ])
  })

  it('leaves fragments out of the average', () => {
    expect(averageOf(['Install', 'Run it', 'Six words are in this sentence.'])).toBe(6)
  })
})
