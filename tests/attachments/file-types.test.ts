// What a file is: its content decides, its name decides among what the content allows, and a conflict is settled the
// same way every time.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attachmentTypes } from '#protocol/attachment-types.ts'
import { attachmentName } from '../../server/attachments/attachment-name.ts'
import { findType } from '../../server/attachments/inspect-file.ts'
import { animatedGif, pdf, png, svg } from './corpus.ts'
import { zipOf } from './zip.ts'

const bytes = (...parts: (string | Buffer)[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const hex = (digits: string) => Buffer.from(digits, 'hex')
const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const zeros = Buffer.alloc(2_000)
const compound = bytes(hex('d0cf11e0a1b11ae1'), zeros)
const boxes = (brand: string) => bytes(hex('00000018'), 'ftyp', brand, hex('00000000'), 'isom', zeros)
const plainZip = zipOf({ 'readme.txt': 'hello' })
const page = '<!doctype html><html><body><script>1</script></body></html>'
const text = 'Name;Preis\nTee;3,50\n'
const mark = hex('efbbbf')

/** Content, given name, and the name under which it arrives; null for what is refused. */
const decisions: [string, string | Buffer, string, string | null][] = [
  // Text, whatever its first letters spell.
  ...[
    'BM',
    'MZ',
    'GIF8',
    'GIF89a',
    'RIFF',
    'ID3',
    '%!PS',
    'OggS',
    'fLaC',
    'FLV',
    'Rar!',
    'PK',
    'FWS',
    'CWS',
    'OTTO',
    'wOFF',
  ].map((letters): (typeof decisions)[number] => [
    `text from ${letters}`,
    `${letters} X5, black\n`,
    'order.txt',
    'order.txt',
  ]),
  ['text about PDF', '%PDF is a format\n', 'order.txt', 'order.txt'],
  ['a table', text, 'prices.csv', 'prices.csv'],
  ['a table with a byte order mark', bytes(mark, text), 'prices.csv', 'prices.csv'],
  ['a table of tabs', 'a\tb\n', 'prices.tsv', 'prices.tsv'],
  ['JSON', '{"a": 1}', 'order.json', 'order.json'],
  ['Markdown', '# Order\n', 'order.md', 'order.md'],
  ['a calendar', 'BEGIN:VCALENDAR\nEND:VCALENDAR\n', 'visit.ics', 'visit.ics'],
  ['a card', 'BEGIN:VCARD\nVERSION:4.0\n', 'mei.vcf', 'mei.vcf'],
  ['UTF-16, little end first', bytes(hex('fffe'), utf16('订单, BMW X5\n')), 'order.txt', 'order.txt'],
  ['UTF-16, big end first', bytes(hex('feff'), utf16('订单, BMW X5\n').swap16()), 'order.csv', 'order.csv'],
  ['GBK', hex('b6a9b5a5a3acd6d0cec40d0a'), 'order.txt', 'order.txt'],
  ['GBK after letters of a bitmap', hex('424dd6d0cec40a'), 'order.csv', 'order.csv'],
  ['a text of DOS', bytes(text, hex('1a')), 'order.txt', 'order.txt'],
  ['text in upper case', text, 'ORDER.TXT', 'ORDER.TXT'],
  ['text without an extension', text, 'order', null],
  ['text as PDF', text, 'order.pdf', null],
  ['text as a document', text, 'order.docx', null],
  ['UTF-16 with control characters', bytes(hex('fffe'), hex('0100020003000400')), 'order.txt', null],
  ['binary data as text', bytes('BM', zeros), 'order.txt', null],
  // PDF.
  ['PDF', pdf(), 'order.pdf', 'order.pdf'],
  ['PDF after a byte order mark', bytes(mark, pdf()), 'order.pdf', 'order.pdf'],
  ['PDF after headers of HTTP', `Content-Type: application/pdf\r\n\r\n${pdf()}`, 'order.pdf', 'order.pdf'],
  ['PDF as text', pdf(), 'order.txt', 'order.txt.pdf'],
  ['PDF as a document', pdf(), 'order.docx', 'order.docx.pdf'],
  ['a page as PDF', `${page}%PDF-1.4`, 'order.pdf', null],
  // Office.
  ...['doc', 'xls', 'ppt', 'docx', 'xlsx', 'pptx', 'msg', 'wps', 'et', 'dps', 'vsd'].map(
    (ending): (typeof decisions)[number] => [
      `a compound file as ${ending}`,
      compound,
      `a b.${ending}`,
      `a b.${ending}`,
    ],
  ),
  ['a compound file as PDF', compound, 'order.pdf', 'order.pdf.doc'],
  ...['docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub', 'pages', 'zip'].map((ending): (typeof decisions)[number] => [
    `an archive that does not say what it is, as ${ending}`,
    plainZip,
    `a b.${ending}`,
    `a b.${ending}`,
  ]),
  ['an archive as PDF', plainZip, 'order.pdf', 'order.pdf.zip'],
  ['rich text', '{\\rtf1 hello}', 'letter.rtf', 'letter.rtf'],
  ['rich text as a document of Word', '{\\rtf1 hello}', 'letter.doc', 'letter.doc'],
  ['rich text as text', '{\\rtf1 hello}', 'letter.txt', 'letter.txt.rtf'],
  // Recordings.
  ['a video', boxes('isom'), 'visit.mp4', 'visit.mp4'],
  ['a video of a phone', boxes('qt  '), 'visit.mov', 'visit.mov'],
  ['a recording in a video container', boxes('mp42'), 'voice.m4a', 'voice.m4a'],
  ['a recording', boxes('M4A '), 'voice.m4a', 'voice.m4a'],
  ['a video as text', boxes('isom'), 'visit.txt', 'visit.txt.mp4'],
  ['a song', bytes('ID3', hex('04000000000000'), hex('fffb9064'), zeros), 'song.mp3', 'song.mp3'],
  ['a wave', bytes('RIFF', hex('24000000'), 'WAVEfmt ', zeros), 'voice.wav', 'voice.wav'],
  // Pages, programs, and images that keep their place in the metadata.
  ['a page', page, 'page.html', null],
  ['a drawing', svg, 'drawing.svg', null],
  ['a program', bytes('MZ', zeros), 'setup.exe', null],
  ['a program as a document', bytes('MZ', zeros), 'budget.xlsx', null],
  ['an image of a phone that Kefu cannot encode', boxes('heic'), 'photo.heic', null],
  ['a name that reads backwards', pdf(), 'invoice\u202Efdp.exe', 'invoicefdp.exe.pdf'],
]

describe('what a file is', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kefu-types-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function decide(content: string | Buffer, name: string): Promise<string | null> {
    const path = join(folder, 'file')
    await writeFile(path, content)
    const type = await findType({ path, name })
    return type === null ? null : attachmentName(name, attachmentTypes[type] ?? [])
  }

  test.each(decisions)('[AT3] [AT29] [AT30] [F14] [F15] %s', async (_, content, given, name) => {
    expect(await decide(content, given)).toBe(name)
  })

  test('[AT3] [F15] an image is named by its content', async () => {
    expect(await decide(await png(), 'photo.png')).toBe('photo.png')
    expect(await decide(await png(), 'photo.jpg')).toBe('photo.jpg.png')
    expect(await decide(await animatedGif(), 'order.txt')).toBe('order.txt.gif')
  })
})
