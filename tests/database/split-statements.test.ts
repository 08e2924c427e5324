import { expect, test } from 'vitest'
import { splitStatements } from '#db/schema/split-statements.ts'

test.each([
  ['two statements', 'SELECT 1; SELECT 2;\n', ['SELECT 1', 'SELECT 2']],
  ['the last without a semicolon', 'SELECT 1;SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['nothing', ' ;;\n-- only words; here\n', []],
  ['a semicolon in quotes', `SELECT 'a;b', "c;d", \`e;f\`; SELECT 2`, [`SELECT 'a;b', "c;d", \`e;f\``, 'SELECT 2']],
  ['quotes in quotes', `SELECT 'it''s; "', "\\";"; SELECT 2`, [`SELECT 'it''s; "', "\\";"`, 'SELECT 2']],
  ['a backslash before a quote', `SELECT 'a\\';b'; SELECT 2`, [`SELECT 'a\\';b'`, 'SELECT 2']],
  [
    'a quote in a comment',
    `SELECT 1 -- it's; here\n; # don't;\nSELECT 2 /* isn't; */ + 3`,
    ['SELECT 1', 'SELECT 2   + 3'],
  ],
  [
    'a comment sign in quotes',
    `SELECT '-- no', '# no', '/* no'; SELECT 2`,
    [`SELECT '-- no', '# no', '/* no'`, 'SELECT 2'],
  ],
  ['two minus signs that are no comment', 'SELECT 3--2; SELECT 2', ['SELECT 3--2', 'SELECT 2']],
  ['a comment at the very end', 'SELECT 1; --', ['SELECT 1']],
  ['words kept apart by a comment alone', 'SELECT/* */1', ['SELECT 1']],
])('[DB16] statements are separated: %s', (_, text, statements) => {
  expect(splitStatements(text)).toEqual(statements)
})

test.each(["SELECT 'open; SELECT 2", 'SELECT "open', 'SELECT `open;', 'SELECT /* open; SELECT 2'])(
  '[DB16] an unterminated statement is refused: %s',
  (text) => {
    expect(() => splitStatements(text)).toThrow('open')
  },
)
