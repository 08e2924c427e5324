// Links in messages: detected as people write them, and only http, https and mailto.

import { expect, test } from 'vitest'
import { splitLinks } from '../../client-web/shared/conversation/links.ts'

const hrefs = (text: string) => splitLinks(text).flatMap((piece) => (typeof piece === 'string' ? [] : [piece.href]))
const words = (text: string) => splitLinks(text).map((piece) => (typeof piece === 'string' ? piece : piece.text))

test.each([
  ['see https://shop.example/a?b=1#c, please', ['https://shop.example/a?b=1#c']],
  ['(http://shop.example/tea_(green)).', ['http://shop.example/tea_(green)']],
  ['链接是https://shop.example/茶叶,谢谢', ['https://shop.example/']],
  ['看（https://shop.example/b）、https://shop.example/c，好', ['https://shop.example/b', 'https://shop.example/c']],
  ['请看 https://shop.example/a。还有', ['https://shop.example/a']],
  ['mailto:a@shop.example!', ['mailto:a@shop.example']],
  ['two http://a.example http://b.example', ['http://a.example/', 'http://b.example/']],
  ['javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd', []],
  ['https:// http://"><script>', []],
  ['no link', []],
])('%s', (text, expected) => {
  expect(hrefs(text)).toEqual(expected)
  expect(words(text).join('')).toBe(text)
})
